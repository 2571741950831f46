#include "collectors/host/disk/mountinfo.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

using namespace nodescope;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;

TEST(Mountinfo, IsTheTextOfProcessOne)
{
    boost::asio::io_context reactor(1);
    worker_pool pool(1);
    const temporary_root root;
    const std::string text =
        "22 27 0:21 / /proc rw,relatime - proc proc rw\n23 27 0:22 / /a\\040b rw - sysfs sysfs rw\n";
    root.write("/proc/1/mountinfo", text);

    const auto mounts =
        run_task(reactor, host::read_mountinfo(pool, root.path(), deadline::in(std::chrono::minutes(1))));

    ASSERT_TRUE(mounts) << mounts.error();
    EXPECT_EQ(mounts->text, text);
    EXPECT_FALSE(mounts->truncated);
}

TEST(Mountinfo, IsCutAtAWholeLine)
{
    const temporary_root root;
    root.write("/proc/1/mountinfo", "first line\nsecond line\n");

    const auto cut = host::blocking_read_mountinfo(root.path(), 15);
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->text, "first line\n");
    EXPECT_TRUE(cut->truncated);

    const auto nothing = host::blocking_read_mountinfo(root.path(), 5);
    ASSERT_TRUE(nothing);
    EXPECT_EQ(nothing->text, "");
    EXPECT_TRUE(nothing->truncated);
}

TEST(Mountinfo, SaysWhichFileIsMissing)
{
    const temporary_root root;
    const auto missing = host::blocking_read_mountinfo(root.path());
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error(),
              error(failure::gone, "read " + root.path() + "/proc/1/mountinfo: No such file or directory"));
}
