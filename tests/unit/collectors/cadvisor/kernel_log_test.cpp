// Following the kernel's log, over a pipe that keeps records apart as /dev/kmsg does.
#include "collectors/cadvisor/kernel_log.hpp"
#include "core/task_group.hpp"
#include "core/unique_fd.hpp"
#include "tests/support/run_until.hpp"
#include "tests/support/temporary_root.hpp"
#include "tests/unit/collectors/cadvisor/scripted_runtime.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ctime>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::run_until;
using nodescope::testing::temporary_root;

namespace {

std::chrono::microseconds uptime()
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::microseconds(now.tv_nsec / 1000);
}

class KernelLog : public ::testing::Test {
protected:
    KernelLog() { std::filesystem::create_directories(root.path() + "/dev"); }

    void open_log()
    {
        const std::string path = root.path() + "/dev/kmsg";
        ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
        kernel.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC));
        ASSERT_TRUE(kernel);
        // Each write is one record (pipe(2)). Linux 5.17 and later take it of a pipe that has a name.
        ASSERT_EQ(::fcntl(kernel.get(), F_SETFL, O_DIRECT), 0);
    }
    void follow()
    {
        const auto tell = [this](const oom_kill& kill, time_point when) { told.emplace_back(kill, when); };
        group.spawn("kernel log", follow_kernel_log(root.path(), log, tell));
        // The follower opens its end before anything is written.
        reactor.poll();
    }
    void print(std::string_view record) const
    {
        EXPECT_EQ(::write(kernel.get(), record.data(), record.size()), static_cast<ssize_t>(record.size()));
    }
    void print_kill(int number, std::chrono::microseconds when) const
    {
        print(fmt::format("4,1,{},-;hog invoked oom-killer: gfp_mask=0xcc0\n", when.count()));
        print(
            fmt::format("6,2,{},-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
                        "oom_memcg=/docker/x,task_memcg=/docker/x/y,task=hog,pid={},uid=0\n",
                        when.count(), number));
        print(fmt::format("6,3,{},-;Memory cgroup out of memory: Killed process {} (hog) total-vm:1kB\n", when.count(),
                          number));
    }

    temporary_root root;
    unique_fd kernel;
    boost::asio::io_context reactor{1};
    std::vector<std::string> lines;
    logger log{log_level::info, log_format::text, [this](std::string_view line) { lines.emplace_back(line); }};
    task_group group{reactor.get_executor(), log};
    std::vector<std::pair<oom_kill, time_point>> told;
};

}  // namespace

TEST_F(KernelLog, TellsAKillWithItsTime)
{
    open_log();
    follow();
    // Half of the time since boot, which may be a minute or a year ago.
    const auto since_boot = uptime();
    print_kill(42, since_boot / 2);
    ASSERT_TRUE(run_until(reactor, [&] { return !told.empty(); }));
    EXPECT_EQ(told[0].first.pid, 42);
    EXPECT_EQ(told[0].first.limit_cgroup, "/docker/x");
    EXPECT_EQ(told[0].first.victim_cgroup, "/docker/x/y");
    const auto ago = std::chrono::system_clock::now() - told[0].second;
    EXPECT_GE(ago, since_boot / 2 - 1s);
    EXPECT_LT(ago, since_boot / 2 + 100s);
}

TEST_F(KernelLog, TakesNothingElseForARecord)
{
    open_log();
    follow();
    print("12,1,5,-;hog invoked oom-killer: forged\n");  // facility 1: a program wrote it
    print("12,2,5,-;oom-kill:constraint=X,oom_memcg=/a,task_memcg=/a,task=t,pid=1,uid=0\n");
    print("12,3,5,-;Killed process 1 (t) total-vm:1kB\n");
    print("no record at all");
    print(std::string(4000, ';'));
    print_kill(7, uptime());
    ASSERT_TRUE(run_until(reactor, [&] { return !told.empty(); }));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].first.pid, 7);
}

TEST_F(KernelLog, LosesNothingOfAStormAndLeavesTheReactorToOthers)
{
    open_log();
    follow();
    constexpr int kills = kernel_log_burst;  // three records each
    std::thread storm([this] {
        for (int i = 0; i < kills; ++i) print_kill(i, uptime());
    });
    std::size_t turns = 0;
    const bool all = run_until(reactor, [&] {
        ++turns;
        return told.size() == kills;
    });
    storm.join();
    ASSERT_TRUE(all) << told.size();
    EXPECT_GT(turns, 2U);
    for (int i = 0; i < kills; ++i) ASSERT_EQ(told[static_cast<std::size_t>(i)].first.pid, i);
}

TEST_F(KernelLog, SaysWhyItCannotBeRead)
{
    follow();
    ASSERT_TRUE(run_until(reactor, [&] { return group.size() == 0; }));
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("out-of-memory kills are not named"), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find("/dev/kmsg: No such file"), std::string::npos) << lines[0];
}

TEST_F(KernelLog, SaysWhenItEnds)
{
    open_log();
    follow();
    kernel.reset();
    ASSERT_TRUE(run_until(reactor, [&] { return group.size() == 0; }));
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_NE(lines[0].find("no longer named"), std::string::npos) << lines[0];
}
