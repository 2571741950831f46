#include "collectors/host/cgroup/cgroup_age.hpp"
#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace nodescope::host {
namespace {

using nodescope::testing::temporary_root;
using std::chrono::seconds;

const std::chrono::sys_time<std::chrono::nanoseconds> boot(seconds(1'000'000));

class OldestProcess : public ::testing::Test {
protected:
    OldestProcess() { root.write("/proc/1/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"); }

    void add(int pid, int start_ticks)
    {
        root.write(fmt::format("/proc/{}/stat", pid),
                   fmt::format("{} (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {} 0 0 0", pid, start_ticks));
    }
    auto oldest(const std::string& path)
    {
        auto tree = cgroup_tree::blocking_open(*blocking_read_cgroup_layout(root.path()));
        EXPECT_TRUE(tree) << tree.error();
        return blocking_oldest_process(**tree, path, boot);
    }
    temporary_root root;
};

TEST_F(OldestProcess, IsTheFirstToHaveBegun)
{
    add(7, 300);
    add(8, 250);
    root.write("/sys/fs/cgroup/x/cgroup.procs", "7\n8\n0\nx\n");
    EXPECT_EQ(oldest("/x"), boot + seconds(2));
}

TEST_F(OldestProcess, IsNotKnownWithoutOne)
{
    root.write("/sys/fs/cgroup/x/cgroup.procs", "");
    EXPECT_FALSE(oldest("/x"));
    EXPECT_FALSE(oldest("/nosuch"));
    root.write("/sys/fs/cgroup/x/cgroup.procs", "9\n");  // it has ended
    EXPECT_FALSE(oldest("/x"));
}

TEST_F(OldestProcess, TakesNoHalfNumber)
{
    add(1, 0);
    add(1234567, 500);
    std::string procs;
    for (int i = 0; i < 10; ++i) procs += "1234567\n";
    root.write("/sys/fs/cgroup/x/cgroup.procs", "12\n" + procs);
    EXPECT_EQ(oldest("/x"), boot + seconds(5));
}

}  // namespace
}  // namespace nodescope::host
