#include "collectors/questions/process_list.hpp"

#include "core/files/bounded_file.hpp"
#include "core/json/writer.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <thread>

#include <unistd.h>

using namespace nodescope;
using nodescope::testing::captured;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

const auto long_enough = deadline::in(std::chrono::hours(1));

// Reads at once; some processes hang, as the reader's process would say.
class plain_reader final : public host::process_reader {
public:
    std::string root;
    std::set<pid_t> hanging;
    steady_clock::duration hang{0};
    bool missing = false;
    std::vector<pid_t> asked;

    result<files::file_text> blocking_command_line(pid_t pid, std::uint64_t, deadline) override
    {
        asked.push_back(pid);
        if (missing) return error(failure::unavailable, "process reader: none");
        if (hanging.contains(pid)) {
            const deadline end = deadline::in(hang);
            while (!end.passed()) std::this_thread::yield();
            return error(failure::timed_out, "it hangs");
        }
        return files::read_file({root, fmt::format("/proc/{}/cmdline", pid)}, longest_command_line);
    }
    static constexpr std::size_t longest_command_line = 4096;
};

// A node with the captured clock: booted 2026-11-21T01:19:46Z, up 2038.xx seconds.
class ProcessList : public ::testing::Test {
protected:
    ProcessList()
    {
        root_.write("/proc/stat", captured("node_stat"));
        root_.write("/proc/uptime", "2138.10 3317.05\n");
        options_.root = root_.path();
        reader_.root = root_.path();
    }

    void add(int pid, std::string_view stat, std::string_view status, std::string_view command)
    {
        const std::string directory = "/proc/" + std::to_string(pid);
        root_.write(directory + "/stat", stat);
        root_.write(directory + "/status", status);
        root_.write(directory + "/cmdline", command);
    }

    void add_container(int pid = 17209, const std::string& command = "sleep\0001000\0"s)
    {
        add(pid,
            fmt::format(
                "{} (sleep) S 17187 17209 17209 0 -1 4194560 1099 0 0 0 150 50 0 0 20 -5 1 0 203810 2322432 324 1\n",
                pid),
            captured("status_container"), command);
    }

    result<process_list> read() { return blocking_read_processes(options_, reader_, long_enough, abandon_flag()); }

    static boost::json::array elements(const process_list& list) { return boost::json::parse(list.json).as_array(); }
    static std::string argument(const boost::json::value& process, std::size_t at)
    {
        return std::string(process.at("command").as_array().at(at).as_string());
    }

    temporary_root root_;
    plain_reader reader_;
    process_list_options options_{5s};
};

}  // namespace

TEST_F(ProcessList, TellsEverythingOfAProcess)
{
    add_container();

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    // Two of a hundred seconds used; began 2038.1 s after boot.
    EXPECT_EQ(list->shown, 1U);
    EXPECT_EQ(list->json,
              R"([{"pid":17209,"ppid":17187,"tgid":17209,"command":["sleep","1000"],"status":"S",)"
              R"("createTime":"2026-11-21T01:53:44.10Z","cpuPercent":2.00,"nice":-5,"memoryInfo":{"rss":1409024,)"
              R"("vms":2322432,"hwm":1409024,"data":180224,"stack":135168,"locked":0,"swap":0}}])");
}

TEST_F(ProcessList, NamesKernelThreadsAndZombiesInBrackets)
{
    add(2, captured("stat_kernel_thread"), captured("status_kernel_thread"), "");
    add(17305, captured("stat_zombie"), captured("status_zombie"), "");

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    const auto processes = elements(*list);
    ASSERT_EQ(processes.size(), 2U);
    EXPECT_EQ(argument(processes[0], 0), "[kthreadd]");
    EXPECT_EQ(argument(processes[1], 0), "[a) S 1 (\n]");
    EXPECT_EQ(processes[1].at("status").as_string(), "Z");
    EXPECT_TRUE(reader_.asked.empty()) << "they have no memory in which arguments could be";
}

TEST_F(ProcessList, IsValidJsonWhateverProcessesCallThemselves)
{
    add_container();
    root_.write("/proc/17209/cmdline", "\xff\"\\\n\x1b[31m\0\xe2\x80\xae\0"s);

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    const std::string text = list->json;
    EXPECT_NE(text.find("\"\xef\xbf\xbd"
                        R"(\"\\\n\u001b[31m")"),
              std::string::npos);
    EXPECT_NO_THROW(boost::json::parse(text)) << text;
}

TEST_F(ProcessList, LeavesOutProcessesThatEndMeanwhile)
{
    add_container();
    root_.write("/proc/5/stat", "");
    root_.write("/proc/6/status", "");
    root_.write("/proc/7/cmdline", "x");
    root_.write("/proc/8x/stat", "not a process");
    root_.write("/proc/9", "a file");

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->shown, 1U);
    EXPECT_EQ(list->left_out, 0U);
}

TEST_F(ProcessList, StopsAtItsLimitAndSaysSo)
{
    add_container();
    add(2, captured("stat_kernel_thread"), captured("status_kernel_thread"), "");
    options_.process_limit = 1;

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->shown, 1U);
    EXPECT_EQ(list->left_out, 1U);
}

TEST_F(ProcessList, CutsAnEndlessCommandLineAndSaysSo)
{
    const std::string endless(plain_reader::longest_command_line + 1, 'a');
    add_container(7, endless);

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    const auto processes = elements(*list);
    EXPECT_EQ(argument(processes[0], 0), endless.substr(1));
    EXPECT_TRUE(processes[0].at("commandTruncated").as_bool());
}

TEST_F(ProcessList, CutsCommandLinesRatherThanLeaveProcessesOut)
{
    // The worst a byte can become.
    constexpr std::size_t count = 60;
    for (std::size_t i = 0; i < count; ++i) add_container(static_cast<int>(i) + 100, std::string(4096, '\x1b'));
    add_container(50, "before");
    add_container(500, "after");
    options_.limit_bytes = 100'000;

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_LE(json_string(list->json).size(), options_.limit_bytes + std::string_view(R"("[]")").size());
    const auto processes = elements(*list);
    ASSERT_EQ(processes.size(), count + 2);
    EXPECT_EQ(list->left_out, 0U);
    EXPECT_EQ(argument(processes.front(), 0), "before");
    EXPECT_EQ(argument(processes.back(), 0), "after");
    EXPECT_FALSE(processes.back().as_object().contains("commandTruncated"));
    EXPECT_TRUE(processes[1].at("commandTruncated").as_bool());
}

TEST_F(ProcessList, LeavesOutAndCountsWhatHasNoRoom)
{
    for (int pid = 1; pid <= 20; ++pid) add_container(pid, std::string(4096, 'a'));
    options_.limit_bytes = 5'000;

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_GT(list->shown, 5U);
    EXPECT_LT(list->shown, 20U);
    EXPECT_EQ(list->left_out, 20U - list->shown);
    EXPECT_EQ(elements(*list).size(), list->shown);
    EXPECT_LE(json_string(list->json).size(), options_.limit_bytes + std::string_view(R"("[]")").size());
}

TEST_F(ProcessList, ShowsAProcessWhoseCommandLineHangsByItsName)
{
    add_container(7);
    add_container(8);
    reader_.hanging = {7};

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->unread, 1U);
    const auto processes = elements(*list);
    ASSERT_EQ(processes.size(), 2U);
    EXPECT_EQ(argument(processes[0], 0), "[sleep]");
    EXPECT_EQ(processes[0].at("commandError").as_string(), "it hangs");
    EXPECT_EQ(argument(processes[1], 0), "sleep");
    EXPECT_FALSE(processes[1].as_object().contains("commandError"));
}

TEST_F(ProcessList, WaitsForThoseThatHangDuringHalfOfItsTime)
{
    for (int pid = 1; pid <= 5; ++pid) add_container(pid);
    reader_.hanging = {1, 2, 3, 4, 5};
    reader_.hang = std::chrono::milliseconds(600);

    const auto limit = deadline::in(std::chrono::seconds(2));
    const auto list = blocking_read_processes(options_, reader_, limit, abandon_flag());

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(reader_.asked, (std::vector<pid_t>{1, 2}));
    EXPECT_EQ(list->unread, 5U);
    const auto processes = elements(*list);
    EXPECT_EQ(std::string(processes[4].at("commandError").as_string()).find("the command line is not asked for"), 0U);
}

TEST_F(ProcessList, AsksOnceWhereThereIsNoReader)
{
    for (int pid = 1; pid <= 5; ++pid) add_container(pid);
    reader_.missing = true;

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(reader_.asked.size(), 1U);
    EXPECT_EQ(list->unread, 5U);
    EXPECT_EQ(elements(*list)[4].at("commandError").as_string(), "process reader: none");
}

TEST_F(ProcessList, AProcessFromTheFutureUsesNothing)
{
    add_container();
    root_.write("/proc/uptime", "1.00 1.00\n");

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_NE(list->json.find(R"("cpuPercent":0.00)"), std::string::npos);
}

TEST_F(ProcessList, OfAnEmptyNodeIsAnEmptyArray)
{
    const auto list = read();
    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->json, "[]");
}

TEST_F(ProcessList, SaysWhatIsWrongWithTheRoot)
{
    options_.root = root_.path() + "/nowhere";
    const auto list = read();
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().kind(), failure::gone);
    EXPECT_NE(list.error().message().find("/nowhere/proc"), std::string::npos);

    const temporary_root without_clock;
    without_clock.write("/proc/stat", "cpu 1 2 3\n");
    options_.root = without_clock.path();
    EXPECT_EQ(read().error(), error(failure::malformed, "/proc/stat: no btime"));
}

TEST_F(ProcessList, StopsWhenNobodyWaitsAnyMore)
{
    add_container();
    abandon_flag abandoned;
    abandoned.raise();
    EXPECT_EQ(blocking_read_processes(options_, reader_, long_enough, abandoned).error().kind(), failure::cancelled);

    const auto late = blocking_read_processes(options_, reader_, deadline::in(std::chrono::seconds(0)), abandon_flag());
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), error(failure::timed_out, "process list: 0 of 1 processes read within 0ms"));
}

TEST(ProcessListCollector, FindsThisProcessOnTheRealNode)
{
    boost::asio::io_context reactor(1);
    worker_pool pool(1);
    int used = 0;

    process_list_collector collector(pool, std::make_shared<plain_reader>(), process_list_options(5s), [&] { ++used; });
    const auto list = run_task(reactor, collector.collect(long_enough));

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(used, 1);
    const auto processes = boost::json::parse((*list)->json).as_array();
    const auto self = std::find_if(processes.begin(), processes.end(), [](const boost::json::value& process) {
        return process.at("pid").as_int64() == ::getpid();
    });
    ASSERT_NE(self, processes.end());
    EXPECT_EQ(self->at("tgid").as_int64(), ::getpid());
    EXPECT_EQ(self->at("ppid").as_int64(), ::getppid());
    EXPECT_GT(self->at("memoryInfo").at("rss").as_int64(), 0);
}
