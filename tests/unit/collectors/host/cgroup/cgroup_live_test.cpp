// The readers over this machine's own cgroups, whatever version it has: what they give is what the files say.
#include "collectors/host/cgroup/cgroup_reader.hpp"
#include "collectors/host/cgroup/cgroup_walk.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

using namespace nodescope;
using namespace nodescope::host;

namespace {

std::string text_of(const std::string& path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A process that does nothing, so that its figures stand still.
pid_t sleeping_child()
{
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    return child;
}

class own_cgroup {
public:
    explicit own_cgroup(cgroup_layout layout)
        : layout_(std::move(layout)), path_(fmt::format("/nodescope-test-{}", ::getpid()))
    {
        for (const auto& hierarchy : layout_.hierarchies)
            made_ = ::mkdir((hierarchy + path_).c_str(), 0755) == 0 && made_;
    }
    own_cgroup(const own_cgroup&) = delete;
    own_cgroup& operator=(const own_cgroup&) = delete;
    ~own_cgroup()
    {
        end_child();
        remove();
    }

    [[nodiscard]] bool made() const { return made_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] pid_t child() const { return child_; }
    [[nodiscard]] std::string file(cgroup_controller controller, const std::string& name) const
    {
        return layout_.hierarchies.at(static_cast<std::size_t>(layout_.hierarchy(controller))) + path_ + "/" + name;
    }
    // False when a hierarchy does not take it.
    bool run_child()
    {
        child_ = sleeping_child();
        bool joined = true;
        for (const auto& hierarchy : layout_.hierarchies) {
            std::ofstream procs(hierarchy + path_ + "/cgroup.procs");
            joined = static_cast<bool>(procs << child_ << std::flush) && joined;
        }
        return joined;
    }
    void end_child()
    {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(std::exchange(child_, 0), nullptr, 0);
    }
    void remove() const
    {
        for (const auto& hierarchy : layout_.hierarchies) ::rmdir((hierarchy + path_).c_str());
    }

private:
    cgroup_layout layout_;
    std::string path_;
    bool made_ = true;
    pid_t child_ = 0;
};

}  // namespace

TEST(CgroupLive, FiguresAreWhatTheFilesSay)
{
    const auto layout = blocking_read_cgroup_layout("/");
    ASSERT_TRUE(layout) << layout.error();
    if (layout->version == cgroup_version::none) GTEST_SKIP() << "no cgroups are mounted";
    own_cgroup made(*layout);
    if (!made.made()) GTEST_SKIP() << "needs the right to make cgroups";
    const bool joined = made.run_child();

    const abandon_flag nobody;
    const auto set = blocking_find_cgroups(*layout, deadline::in(std::chrono::minutes(1)), nobody);
    ASSERT_TRUE(set) << set.error();
    EXPECT_TRUE(std::binary_search(set->paths.begin(), set->paths.end(), made.path()));

    const auto tree = cgroup_tree::blocking_open(*layout);
    ASSERT_TRUE(tree) << tree.error();
    EXPECT_TRUE((*tree)->blocking_creation_time(made.path(), {}));
    auto reader = cgroup_reader::blocking_open(*tree, made.path());
    ASSERT_TRUE(reader) << reader.error();
    const auto figures = reader->blocking_read();
    ASSERT_TRUE(figures) << figures.error();
    const auto limits = reader->blocking_limits();
    ASSERT_TRUE(limits) << limits.error();

    if (joined) {
        const auto processes = reader->blocking_processes();
        ASSERT_TRUE(processes);
        EXPECT_EQ(*processes, std::vector<pid_t>{made.child()});
    }
    ASSERT_TRUE(figures->cpu);
    EXPECT_TRUE(limits->has_cpu && limits->has_io);
    if (layout->version == cgroup_version::v1) {
        // The child sleeps: its time stands still.
        EXPECT_EQ(fmt::format("{}\n", figures->cpu->total),
                  text_of(made.file(cgroup_controller::cpuacct, "cpuacct.usage")));
        EXPECT_EQ(fmt::format("{}\n", limits->cpu_shares), text_of(made.file(cgroup_controller::cpu, "cpu.shares")));
        EXPECT_EQ(fmt::format("{}\n", limits->memory_limit),
                  text_of(made.file(cgroup_controller::memory, "memory.limit_in_bytes")));
        EXPECT_EQ(fmt::format("{}\n", figures->memory.value_or(memory_usage()).fail_count),
                  text_of(made.file(cgroup_controller::memory, "memory.failcnt")));
    } else {
        EXPECT_NE(text_of(made.file(cgroup_controller::cpu, "cpu.stat"))
                      .find(fmt::format("usage_usec {}\n", figures->cpu->total / 1000)),
                  std::string::npos);
    }

    made.end_child();
    made.remove();
    const auto gone = reader->blocking_read();
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error(), error(failure::gone, fmt::format("cgroup {}: it was removed", made.path())));
}

// Writes to files of the kernel give notices as those to others do.
TEST(CgroupLive, LimitsAreThoseThatWereWritten)
{
    const auto layout = blocking_read_cgroup_layout("/");
    ASSERT_TRUE(layout) << layout.error();
    if (layout->version == cgroup_version::none) GTEST_SKIP() << "no cgroups are mounted";
    const own_cgroup made(*layout);
    if (!made.made()) GTEST_SKIP() << "needs the right to make cgroups";
    const auto tree = cgroup_tree::blocking_open(*layout);
    ASSERT_TRUE(tree) << tree.error();
    auto reader = cgroup_reader::blocking_open(*tree, made.path());
    ASSERT_TRUE(reader) << reader.error();
    const bool unified = layout->version == cgroup_version::v2;
    const std::string memory = made.file(cgroup_controller::memory, unified ? "memory.max" : "memory.limit_in_bytes");
    const std::string threads = made.file(cgroup_controller::pids, "pids.max");
    for (const std::uint64_t limit : {std::uint64_t{64} << 20U, std::uint64_t{32} << 20U, std::uint64_t{128} << 20U}) {
        if (!(std::ofstream(memory) << limit << std::flush) || !(std::ofstream(threads) << limit % 1000 << std::flush))
            GTEST_SKIP() << "without these controllers";
        (*tree)->blocking_begin_pass();
        const auto limits = reader->blocking_limits();
        ASSERT_TRUE(limits) << limits.error();
        EXPECT_EQ(limits->memory_limit, limit);
        EXPECT_EQ(limits->processes_limit, limit % 1000);
    }
}

// The v2 hierarchy of a hybrid node, read as one: times and pressures are there without any controller.
TEST(CgroupLive, AUnifiedHierarchyWithoutControllersHasTimesAndPressures)
{
    const std::string table = text_of("/proc/self/mountinfo");
    std::string unified_alone;
    for (std::size_t begin = 0; begin < table.size();) {
        const std::size_t end = std::min(table.find('\n', begin), table.size() - 1) + 1;
        const std::string line = table.substr(begin, end - begin);
        if (line.find(" - cgroup2 ") != std::string::npos) unified_alone += line;
        begin = end;
    }
    const cgroup_layout unified = parse_cgroup_mounts(unified_alone, "/");
    if (unified.version != cgroup_version::v2) GTEST_SKIP() << "no cgroup v2 is mounted";
    const auto tree = cgroup_tree::blocking_open(unified);
    ASSERT_TRUE(tree) << tree.error();
    auto reader = cgroup_reader::blocking_open(*tree, "/");
    ASSERT_TRUE(reader) << reader.error();
    const auto figures = reader->blocking_read();
    ASSERT_TRUE(figures) << figures.error();
    ASSERT_TRUE(figures->cpu);
    EXPECT_GT(figures->cpu->total, 0U);
    const bool has_pressure = !text_of(unified.hierarchies.front() + "/cpu.pressure").empty();
    EXPECT_EQ(figures->pressures.has_value(), has_pressure);
}
