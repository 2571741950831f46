#include "netlink/read/dump.hpp"

#include "core/unique_fd.hpp"
#include "tests/support/namespace_child.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace nodescope::netlink {
namespace {

using namespace std::chrono_literals;
using testing::namespace_child;

class Dump : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!namespace_child::is_possible()) GTEST_SKIP() << "making network namespaces needs root";
        child_ = std::make_unique<namespace_child>();
    }
    result<netlink_socket> open() const
    {
        return netlink_socket::open_in(*net_namespace::of_this_thread(),
                                       *net_namespace::of_process(child_->proc_directory().get()), NETLINK_ROUTE);
    }
    /// Not bound to a port before it sends.
    [[nodiscard]] unique_fd socket_in_namespace() const
    {
        unique_fd made;
        const auto make = [&made]() -> result<void> {
            made = unique_fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
            return {};
        };
        const auto target = *net_namespace::of_process(child_->proc_directory().get());
        EXPECT_TRUE(run_in(*net_namespace::of_this_thread(), target, make));
        return made;
    }
    /// Of the one socket that is bound in the namespace: a row is "sk Eth Pid …", and the kernel's own are 0 there.
    [[nodiscard]] std::uint32_t only_port() const
    {
        std::ifstream rows(fmt::format("/proc/{}/net/netlink", child_->pid()));
        std::uint32_t found = 0;
        for (std::string row; std::getline(rows, row);) {
            std::istringstream fields(row);
            std::string address;
            int protocol = -1;
            std::uint32_t port = 0;
            if (fields >> address >> protocol >> port && protocol == NETLINK_ROUTE && port != 0) found = port;
        }
        return found;
    }
    int in_namespace(const std::string& command) const
    {
        return std::system(fmt::format("nsenter -t {} -n {}", child_->pid(), command).c_str());
    }

    std::unique_ptr<namespace_child> child_;
    deadline limit_ = deadline::in(10s);
};

struct counted {
    std::size_t messages = 0;
    std::size_t largest = 0;
    result<dump_outcome> outcome;
};

counted dump_links(netlink_socket& socket, deadline limit, dump_limits limits = {1000, 1 << 20})
{
    const ifinfomsg header{};
    counted seen{.outcome = error(failure::internal, "not run")};
    seen.outcome =
        dump(socket,
             {"links", RTM_GETLINK, header,
              // Only with a mask does the kernel measure the largest link first (rtnl_calcit in rtnetlink.c).
              [](nl_msg* message) { nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS); }},
             limits,
             {.begin = [&] { seen.messages = 0; },
              .message =
                  [&](const nlmsghdr& message) {
                      ++seen.messages;
                      seen.largest = std::max<std::size_t>(seen.largest, message.nlmsg_len);
                  }},
             limit);
    return seen;
}

TEST_F(Dump, ReadsTheTargetsLinksFromAnyThread)
{
    ASSERT_EQ(in_namespace("ip link add br-test type bridge"), 0);
    auto socket = open();
    ASSERT_TRUE(socket) << socket.error();
    counted seen{.outcome = error(failure::internal, "not run")};

    std::thread([&] { seen = dump_links(*socket, limit_); }).join();

    ASSERT_TRUE(seen.outcome) << seen.outcome.error();
    EXPECT_TRUE(seen.outcome->consistent);
    ASSERT_EQ(in_namespace("sh -c 'test $(ip -o link | wc -l) = " + std::to_string(seen.messages) + "'"), 0);
    EXPECT_GE(seen.messages, 2U);
}

TEST_F(Dump, TheSocketServesAnotherDumpAfterALimitStoppedOne)
{
    ASSERT_EQ(in_namespace("sh -c 'for i in $(seq 400); do echo link add br$i type bridge; done | ip -b -'"), 0);
    auto socket = open();
    ASSERT_TRUE(socket) << socket.error();

    const auto stopped = dump_links(*socket, limit_, {3, 1 << 20});
    const auto whole = dump_links(*socket, limit_);

    ASSERT_TRUE(stopped.outcome);
    EXPECT_TRUE(stopped.outcome->truncated);
    EXPECT_EQ(stopped.messages, 3U);
    ASSERT_TRUE(whole.outcome) << whole.outcome.error();
    EXPECT_GT(whole.messages, 400U);
}

// One message larger than what the kernel otherwise puts into a datagram.
TEST_F(Dump, ReadsAMessageLargerThanTheBuffer)
{
    ASSERT_EQ(in_namespace("ip link add br-test type bridge"), 0);
    ASSERT_EQ(in_namespace("sh -c 'for i in $(seq 1000 1350); do printf \"link property add dev br-test altname "
                           "%0120d\\n\" $i; done | ip -b -'"),
              0);
    auto socket = open();
    ASSERT_TRUE(socket) << socket.error();

    const auto seen = dump_links(*socket, limit_);

    ASSERT_TRUE(seen.outcome) << seen.outcome.error();
    EXPECT_GT(seen.largest, 32768U);
    EXPECT_TRUE(seen.outcome->consistent);
    EXPECT_GE(seen.messages, 2U);
}

TEST_F(Dump, ARefusedRequestIsAFailureWithTheKernelsText)
{
    auto socket = open();
    ASSERT_TRUE(socket) << socket.error();
    const ifaddrmsg header{.ifa_family = 0, .ifa_prefixlen = 77, .ifa_flags = 0, .ifa_scope = 0, .ifa_index = 0};

    const auto outcome = dump(*socket, {"addresses", RTM_GETADDR, header}, {10, 1000},
                              {.begin = {}, .message = [](const nlmsghdr&) {}}, limit_);

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), error(failure::invalid, "netlink: read addresses: Invalid argument"));
}

TEST_F(Dump, ASocketOfADeadProcessStillReads)
{
    auto socket = open();
    ASSERT_TRUE(socket) << socket.error();
    child_->stop();

    EXPECT_TRUE(dump_links(*socket, limit_).outcome);
}

// Whoever has CAP_NET_ADMIN in the namespace can write to our socket.
TEST_F(Dump, MessagesOfOtherProcessesAreIgnored)
{
    auto socket = open();
    ASSERT_TRUE(socket) << socket.error();
    const unique_fd sender = socket_in_namespace();
    ASSERT_TRUE(sender);
    const sockaddr_nl us{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = only_port(), .nl_groups = 0};
    const nlmsghdr forged{.nlmsg_len = 7, .nlmsg_type = RTM_NEWLINK, .nlmsg_flags = 0, .nlmsg_seq = 0, .nlmsg_pid = 0};
    ASSERT_EQ(::sendto(sender.get(), &forged, sizeof forged, 0, reinterpret_cast<const sockaddr*>(&us), sizeof us),
              static_cast<ssize_t>(sizeof forged));

    const auto seen = dump_links(*socket, limit_);

    ASSERT_TRUE(seen.outcome) << seen.outcome.error();
    EXPECT_EQ(seen.messages, 1U);
}

TEST_F(Dump, SilenceIsATimeoutWithItsLimit)
{
    auto socket = open();
    ASSERT_TRUE(socket) << socket.error();
    // The kernel answers a NLMSG_NOOP with nothing.
    const rtgenmsg header{};
    const auto outcome = dump(*socket, {"silence", NLMSG_NOOP, header}, {10, 1000},
                              {.begin = {}, .message = [](const nlmsghdr&) {}}, deadline::in(20ms));

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error(), error(failure::timed_out, "netlink: read silence: no answer within 20ms"));
}

}  // namespace
}  // namespace nodescope::netlink
