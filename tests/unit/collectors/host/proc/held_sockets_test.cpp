#include "collectors/host/proc/held_sockets.hpp"
#include "core/unique_fd.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::temporary_root;

namespace {

struct HeldSockets : ::testing::Test {
    HeldSockets()
    {
        struct stat status {};
        EXPECT_EQ(::fstat(socket.get(), &status), 0);
        inode = static_cast<std::uint32_t>(status.st_ino);
        allowed.is_over = [] { return false; };
    }
    result<bool> held(const std::string& process)
    {
        const unique_fd directory(::open(process.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        return blocking_holds_socket(directory.get(), inode, allowed, "containerd (process 7)");
    }
    unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint32_t inode = 0;
    descriptor_allowance allowed;
};

}  // namespace

TEST_F(HeldSockets, IsFoundWhileItIsOpen)
{
    const auto open = held("/proc/self");
    ASSERT_TRUE(open) << open.error();
    EXPECT_TRUE(*open);

    socket.reset();

    const auto closed = held("/proc/self");
    ASSERT_TRUE(closed) << closed.error();
    EXPECT_FALSE(*closed);
}

TEST_F(HeldSockets, AProcessThatHasEndedHoldsNothing)
{
    const temporary_root nobody;
    const auto found = held(nobody.path());
    ASSERT_TRUE(found) << found.error();
    EXPECT_FALSE(*found);
}

TEST_F(HeldSockets, NoMoreIsReadThanAllowed)
{
    allowed.left = 1;
    const auto many = held("/proc/self");
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error(), error(failure::too_large, "containerd (process 7) has too many descriptors"));

    allowed = {};
    allowed.is_over = [] { return true; };
    const auto late = held("/proc/self");
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), failure::timed_out);
}
