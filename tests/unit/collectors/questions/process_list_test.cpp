#include "collectors/questions/process_list.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include <algorithm>

#include <unistd.h>

using namespace nodescope;
using nodescope::testing::captured;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;

namespace {

using namespace std::string_literals;

const auto long_enough = deadline::in(std::chrono::hours(1));

// A node with the captured clock: booted 2026-11-21T01:19:46Z, up 2038.xx seconds.
class ProcessList : public ::testing::Test {
protected:
    ProcessList()
    {
        root_.write("/proc/stat", captured("node_stat"));
        root_.write("/proc/uptime", "2138.10 3317.05\n");
        options_.root = root_.path();
    }

    void add(int pid, std::string_view stat, std::string_view status, std::string_view command)
    {
        const std::string directory = "/proc/" + std::to_string(pid);
        root_.write(directory + "/stat", stat);
        root_.write(directory + "/status", status);
        root_.write(directory + "/cmdline", command);
    }

    void add_container()
    {
        add(17209,
            "17209 (sleep) S 17187 17209 17209 0 -1 4194560 1099 0 0 0 150 50 0 0 20 -5 1 0 203810 2322432 324 1\n",
            captured("status_container"), "sleep\0001000\0"s);
    }

    result<process_list> read() const { return blocking_read_processes(options_, long_enough, abandon_flag()); }

    temporary_root root_;
    process_list_options options_;
};

}  // namespace

TEST_F(ProcessList, TellsEverythingOfAProcess)
{
    add_container();

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    // Two of a hundred seconds used; began 2038.1 s after boot.
    EXPECT_EQ(process_list_json(*list),
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
    ASSERT_EQ(list->processes.size(), 2U);
    EXPECT_EQ(list->processes[0].command, std::vector<std::string>{"[kthreadd]"});
    EXPECT_EQ(list->processes[1].command, std::vector<std::string>{"[a) S 1 (\n]"});
    EXPECT_EQ(list->processes[1].stat.state, 'Z');
}

TEST_F(ProcessList, IsValidJsonWhateverProcessesCallThemselves)
{
    add_container();
    root_.write("/proc/17209/cmdline", "\xff\"\\\n\x1b[31m\0\xe2\x80\xae\0"s);

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    const std::string text = process_list_json(*list);
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
    EXPECT_EQ(list->processes.size(), 1U);
    EXPECT_EQ(list->total, 5U);
    EXPECT_FALSE(list->truncated);
}

TEST_F(ProcessList, StopsAtItsLimitAndSaysSo)
{
    add_container();
    add(2, captured("stat_kernel_thread"), captured("status_kernel_thread"), "");
    options_.process_limit = 1;

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->processes.size(), 1U);
    EXPECT_EQ(list->total, 2U);
    EXPECT_TRUE(list->truncated);
}

TEST_F(ProcessList, CutsAnEndlessCommandLineAndSaysSo)
{
    add_container();
    root_.write("/proc/17209/cmdline", std::string(100, 'a'));
    options_.command_limit_bytes = 99;

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->processes[0].command, std::vector<std::string>{std::string(99, 'a')});
    EXPECT_NE(process_list_json(*list).find(R"("commandTruncated":true)"), std::string::npos);
}

TEST_F(ProcessList, AProcessFromTheFutureUsesNothing)
{
    add_container();
    root_.write("/proc/uptime", "1.00 1.00\n");

    const auto list = read();

    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(list->processes[0].cpu_percent, 0.0);
}

TEST_F(ProcessList, OfAnEmptyNodeIsAnEmptyArray)
{
    const auto list = read();
    ASSERT_TRUE(list) << list.error();
    EXPECT_EQ(process_list_json(*list), "[]");
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
    EXPECT_EQ(blocking_read_processes(options_, long_enough, abandoned).error().kind(), failure::cancelled);

    const auto late = blocking_read_processes(options_, deadline::in(std::chrono::seconds(0)), abandon_flag());
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error(), error(failure::timed_out, "process list: 0 of 1 processes read within 0ms"));
}

TEST(ProcessListCollector, FindsThisProcessOnTheRealNode)
{
    boost::asio::io_context reactor(1);
    worker_pool pool(1);

    process_list_collector collector(pool, process_list_options());
    const auto list = run_task(reactor, collector.collect(long_enough));

    ASSERT_TRUE(list) << list.error();
    const auto self = std::find_if(list->processes.begin(), list->processes.end(),
                                   [](const process_entry& process) { return process.stat.pid == ::getpid(); });
    ASSERT_NE(self, list->processes.end());
    EXPECT_EQ(self->status.thread_group, ::getpid());
    EXPECT_EQ(self->stat.parent, ::getppid());
    EXPECT_GT(self->status.rss_bytes, 0U);
    EXPECT_NO_THROW(boost::json::parse(process_list_json(*list)));
}
