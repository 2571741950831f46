// What sampling costs: makes N cgroups in each hierarchy of this node, with a process in each, and reads them again and
// again with files kept open and without. Needs root. Prints the time one read takes and the share of a core that N
// containers once a second would be.
//
//   cgroup_reader [containers] [rounds]
#include "collectors/host/cgroup/cgroup_reader.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

using namespace nodescope::host;

namespace {

double cpu_seconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void write_file(const std::string& path, const std::string& text)
{
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    (void)!::write(file, text.data(), text.size());
    ::close(file);
}

class made_cgroups {
public:
    made_cgroups(const cgroup_layout& layout, int count) : layout_(layout)
    {
        for (const auto& hierarchy : layout_.hierarchies) ::mkdir((hierarchy + parent).c_str(), 0755);
        for (int i = 0; i < count; ++i) {
            paths_.push_back(fmt::format("{}/{:064x}", parent, i));
            const pid_t child = ::fork();
            if (child == 0) {
                ::pause();
                ::_exit(0);
            }
            children_.push_back(child);
            for (const auto& hierarchy : layout_.hierarchies) {
                ::mkdir((hierarchy + paths_.back()).c_str(), 0755);
                write_file(hierarchy + paths_.back() + "/cgroup.procs", std::to_string(child));
            }
        }
    }
    made_cgroups(const made_cgroups&) = delete;
    made_cgroups& operator=(const made_cgroups&) = delete;
    ~made_cgroups()
    {
        for (const pid_t child : children_) {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        }
        for (const auto& hierarchy : layout_.hierarchies) {
            for (const auto& path : paths_) ::rmdir((hierarchy + path).c_str());
            ::rmdir((hierarchy + parent).c_str());
        }
    }
    [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

private:
    static constexpr const char* parent = "/nodescope-bench";
    cgroup_layout layout_;
    std::vector<std::string> paths_;
    std::vector<pid_t> children_;
};

void measure(const char* name, const cgroup_layout& layout, const std::vector<std::string>& paths, std::size_t kept,
             int rounds)
{
    auto tree = cgroup_tree::blocking_open(layout, kept);
    if (!tree) {
        fmt::print(stderr, "{}\n", tree.error().message());
        return;
    }
    std::vector<cgroup_reader> readers;
    const double before_open = cpu_seconds();
    for (const auto& path : paths) {
        auto reader = cgroup_reader::blocking_open(*tree, path);
        if (reader) readers.push_back(std::move(*reader));
    }
    const double opened = cpu_seconds();
    std::size_t good = 0;
    for (int round = 0; round < rounds; ++round) {
        for (auto& reader : readers) good += reader.blocking_read().has_value() ? 1U : 0U;
    }
    const double spent = cpu_seconds() - opened;
    const double each = spent / static_cast<double>(good);
    fmt::print("{:<22} open {:6.1f} us   read {:6.1f} us   {} containers at 1 Hz: {:.2f} % of a core\n", name,
               (opened - before_open) / static_cast<double>(readers.size()) * 1e6, each * 1e6, readers.size(),
               each * static_cast<double>(readers.size()) * 100);
}

}  // namespace

int main(int argc, char** argv)
{
    const int containers = argc > 1 ? std::atoi(argv[1]) : 100;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 20;
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);

    const auto layout = blocking_read_cgroup_layout("/");
    if (!layout) {
        fmt::print(stderr, "{}\n", layout.error().message());
        return 1;
    }
    const made_cgroups made(*layout, containers);
    for (int i = 0; i < 2; ++i) {
        measure("opened each time", *layout, made.paths(), 0, rounds);
        measure("kept open", *layout, made.paths(), 1'000'000, rounds);
    }
    return 0;
}
