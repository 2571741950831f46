// What the kernel writes when it has no memory left, and what only looks like it.
#include "collectors/cadvisor/oom_messages.hpp"

#include <gtest/gtest.h>

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
    const auto kill = parser.take(*second);
    ASSERT_TRUE(kill);
    EXPECT_EQ(kill->limit_cgroup, "/docker/x");
    EXPECT_EQ(kill->victim_cgroup, "/docker/x/y");
    EXPECT_EQ(kill->process_name, "ta,pid=1,il");
    EXPECT_EQ(kill->pid, 3372);
    EXPECT_EQ(kill->constraint, "CONSTRAINT_MEMCG");
    EXPECT_FALSE(parser.take(*second)) << "one opening, one kill";
}

TEST(OutOfMemory, TakesNothingFromProgramsOrPieces)
{
    EXPECT_FALSE(parse_kernel_message("12,1,5,-;x invoked oom-killer:\n")) << "facility 1: a program wrote it";
    const std::string whole = "4,1,5,-;t";
    for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
        EXPECT_FALSE(parse_kernel_message(whole.substr(0, length))) << length;
    }
}
