#include "collectors/network/load/container_tasks.hpp"

#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

class ContainerTasks : public ::testing::Test {
protected:
    void thread(pid_t pid, pid_t tid, char state, std::uint64_t start = 77)
    {
        root_.write(fmt::format("/proc/{}/task/{}/stat", pid, tid),
                    fmt::format("{} (t {}) {} 1 1 1 0 -1 0 0 0 0 0 1 2 0 0 20 0 3 0 {} 0 0\n", tid, tid, state, start));
    }
    [[nodiscard]] findings::task_load count(const std::vector<host::cgroup_process>& all,
                                            steady_clock::duration limit = 10s) const
    {
        return blocking_count_tasks(root_.path(), all, deadline::in(limit), abandoned_);
    }
    static host::cgroup_process process(pid_t pid)
    {
        host::cgroup_process made;
        made.pid = pid;
        made.start_ticks = 77;
        return made;
    }

    testing::temporary_root root_;
    abandon_flag abandoned_;
};

TEST_F(ContainerTasks, AreThreadsOfAllProcesses)
{
    thread(10, 10, 'S');
    thread(10, 11, 'D', 78);
    thread(12, 12, 'D');
    thread(13, 13, 'D');
    const auto made = count({process(10), process(12), process(4000)});
    EXPECT_EQ(made.looked_at, 3U);
    EXPECT_EQ(made.uninterruptible, 2U);
    EXPECT_EQ(made.names, (std::vector<std::string>{"t 11", "t 12"}));
    EXPECT_EQ(made.missing, "");
}

TEST_F(ContainerTasks, OfAnotherProcessWithThatNumberAreNotCounted)
{
    thread(10, 10, 'D', 76);
    EXPECT_EQ(count({process(10)}).looked_at, 0U);
}

TEST_F(ContainerTasks, AreSkippedWhereTheyAreNotReadable)
{
    thread(10, 10, 'S');
    root_.write("/proc/10/task/11/stat", "11 (short");
    root_.write("/proc/10/task/12/other", "");
    EXPECT_EQ(count({process(10)}).looked_at, 1U);
}

TEST_F(ContainerTasks, NameFewAndStopAtALimit)
{
    for (pid_t tid = 0; tid < static_cast<pid_t>(looked_at_tasks) + 3; ++tid) thread(10, 10 + tid, 'D');
    const auto made = count({process(10)});
    EXPECT_EQ(made.looked_at, looked_at_tasks);
    EXPECT_EQ(made.names.size(), 5U);
    EXPECT_EQ(made.missing, "the container has more than 4096 tasks");
    EXPECT_NE(count({process(10)}, 0s).missing, "");
}

}  // namespace
}  // namespace nodescope
