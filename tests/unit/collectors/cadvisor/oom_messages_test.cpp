// What the kernel writes when it has no memory left, and what only looks like it.
#include "collectors/cadvisor/oom_messages.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace nodescope;
using namespace nodescope::cadvisor;

TEST(OutOfMemory, ReadsWhatLinuxWrites)
{
    oom_parser parser;
    const auto first = parse_kernel_message("4,1,5000000,-;tail invoked oom-killer: gfp_mask=0xcc0\n SUBSYSTEM=x\n");
    ASSERT_TRUE(first);
    EXPECT_FALSE(parser.take(*first));
    const auto second = parse_kernel_message(
        "6,2,5000100,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
        "oom_memcg=/docker/x,task_memcg=/docker/x/y,task=ta,pid=1,il,pid=3372,uid=0\n");
    ASSERT_TRUE(second);
    EXPECT_FALSE(parser.take(*second)) << "not counted yet";
    const auto kill = parser.take({std::chrono::microseconds(3), "Killed process 3372 (ta,pid=1,il) total-vm:1kB"});
    ASSERT_TRUE(kill);
    EXPECT_EQ(kill->limit_cgroup, "/docker/x");
    EXPECT_EQ(kill->victim_cgroup, "/docker/x/y");
    EXPECT_EQ(kill->process_name, "ta,pid=1,il");
    EXPECT_EQ(kill->pid, 3372);
    EXPECT_EQ(kill->constraint, "CONSTRAINT_MEMCG");
    EXPECT_FALSE(parser.take(*second)) << "one opening, one kill";
    const auto next = parser.take({std::chrono::microseconds(4), "Killed process 5 (b) total-vm:1kB"});
    ASSERT_TRUE(next) << "the kernel may leave out what stands before";
    EXPECT_EQ(next->victim_cgroup, "/");
    EXPECT_EQ(next->pid, 5);
    EXPECT_FALSE(parser.take(
        {std::chrono::microseconds(5), "Tasks in /docker/x/y are going to be killed due to memory.oom.group set"}));
    const auto of_group = parser.take({std::chrono::microseconds(6), "Killed process 6 (c) total-vm:1kB"});
    ASSERT_TRUE(of_group);
    EXPECT_EQ(of_group->victim_cgroup, "/docker/x/y");
}

TEST(OutOfMemory, TakesNothingFromProgramsOrPieces)
{
    EXPECT_FALSE(parse_kernel_message("12,1,5,-;x invoked oom-killer:\n")) << "facility 1: a program wrote it";
    const std::string whole = "4,1,5,-;t";
    for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
        EXPECT_FALSE(parse_kernel_message(whole.substr(0, length))) << length;
    }
}

TEST(OutOfMemory, BelievesNoTextThatCanBeReadInSeveralWays)
{
    const auto of = [](std::string_view middle) {
        return fmt::format("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset={},task=hog,pid=17,uid=0",
                           middle);
    };
    for (const std::string& text :
         {of("x,mems_allowed=0,oom_memcg=/u,task_memcg=/u/a,task_memcg=/docker/victim"),
          of("x,mems_allowed=0,oom_memcg=/u/x,oom_memcg=/docker/victim,task_memcg=/u/x"),
          of("x,task_memcg=/docker/victim,mems_allowed=0,oom_memcg=/u,task_memcg=/u"),
          of("x,mems_allowed=0,oom_memcg=/u,task_memcg=/u,task=a,task_memcg=/docker/victim"),
          std::string("Task in /u killed as a result of limit of /v killed as a result of limit of /u")}) {
        oom_parser parser;
        EXPECT_FALSE(parser.take({std::chrono::microseconds(1), "x invoked oom-killer: gfp_mask=0"}));
        EXPECT_FALSE(parser.take({std::chrono::microseconds(2), text})) << text;
        EXPECT_FALSE(parser.take({std::chrono::microseconds(3), "Killed process 17 (hog) total-vm:1kB"})) << text;
        EXPECT_EQ(parser.unclear(), 1U) << text;
    }
}

TEST(OutOfMemory, OfTheNodeHasNoLimitOfACgroup)
{
    oom_parser parser;
    EXPECT_FALSE(parser.take({std::chrono::microseconds(1), "x invoked oom-killer: gfp_mask=0"}));
    EXPECT_FALSE(parser.take({std::chrono::microseconds(2),
                              "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=x,oom_memcg=/docker/victim,"
                              "mems_allowed=0,global_oom,task_memcg=/u,task=,task_memcg=/a,pid=17,uid=0"}));
    const auto kill = parser.take({std::chrono::microseconds(3), "Killed process 17 (,task_memcg=/a) total-vm:1kB"});
    ASSERT_TRUE(kill) << "what a process is called makes nothing unclear";
    EXPECT_EQ(kill->limit_cgroup, "/");
    EXPECT_EQ(kill->victim_cgroup, "/u");
}
