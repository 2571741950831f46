#include "netlink/read/inet_sockets.hpp"

#include "core/unique_fd.hpp"
#include "netlink/read/kernel_modules.hpp"
#include "tests/support/temporary_root.hpp"
#include "tests/unit/netlink/read/in_namespace.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <string>
#include <vector>

namespace nodescope::netlink {
namespace {

sockaddr_in loopback(in_port_t port = 0)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

class ReadInetSockets : public testing::in_namespace {
protected:
    [[nodiscard]] unique_fd made(int family, int type) const
    {
        return there([&] { return unique_fd(::socket(family, type | SOCK_CLOEXEC, 0)); });
    }
    /// A listener, of which each further one needs another port.
    [[nodiscard]] unique_fd listener(in_port_t port, int backlog = 7) const
    {
        unique_fd socket = made(AF_INET, SOCK_STREAM);
        const auto address = loopback(port);
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(socket.get(), backlog), 0);
        return socket;
    }
    [[nodiscard]] unique_fd connection(in_port_t port) const
    {
        unique_fd socket = made(AF_INET, SOCK_STREAM);
        const auto address = loopback(port);
        EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return socket;
    }
    [[nodiscard]] unique_fd udp(in_port_t port) const
    {
        unique_fd socket = made(AF_INET, SOCK_DGRAM);
        const auto address = loopback(port);
        EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return socket;
    }
    [[nodiscard]] result<socket_overview> read(sockets_options limits = {}) const
    {
        return blocking_read_sockets(*home_, *target_, process_.get(), limits, limit_, abandoned_);
    }
    [[nodiscard]] result<socket_list> read_all(all_sockets_options limits = {}) const
    {
        return blocking_read_all_sockets(*home_, *target_, limits, limit_, abandoned_);
    }
};

TEST_F(ReadInetSockets, AnEmptyNamespaceHasNone)
{
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(found->listeners.empty());
    EXPECT_EQ(found->tcp_by_state, tcp_state_counts{});
    EXPECT_EQ(found->udp_count, 0U);
    EXPECT_EQ(found->unix_count, std::optional<std::uint64_t>(0));
    EXPECT_EQ(found->note, "");
}

TEST_F(ReadInetSockets, ListsListenersAndCountsTheOthersByState)
{
    const unique_fd listens = listener(8080);
    const unique_fd first = connection(8080);
    const unique_fd second = connection(8080);
    const unique_fd datagrams = udp(53);
    const unique_fd local = made(AF_UNIX, SOCK_STREAM);

    const auto found = read();

    ASSERT_TRUE(found) << found.error();
    ASSERT_EQ(found->listeners.size(), 1U);
    const inet_socket& one = found->listeners.front();
    EXPECT_EQ(one.local_port, 8080);
    EXPECT_EQ(one.local.bytes[0], 127);
    EXPECT_EQ(one.receive_queue, 2U);
    EXPECT_EQ(one.send_queue, 7U);
    EXPECT_EQ(one.uid, ::geteuid());
    struct stat status {};
    ASSERT_EQ(::fstat(listens.get(), &status), 0);
    EXPECT_EQ(one.inode, status.st_ino);
    EXPECT_EQ(found->tcp_by_state[TCP_LISTEN], 1U);
    EXPECT_EQ(found->tcp_by_state[TCP_ESTABLISHED], 4U);
    ASSERT_EQ(found->udp.size(), 1U);
    EXPECT_EQ(found->udp.front().local_port, 53);
    EXPECT_EQ(found->udp.front().protocol, IPPROTO_UDP);
    EXPECT_EQ(found->udp_count, 1U);
    EXPECT_EQ(found->unix_count, std::optional<std::uint64_t>(1));
    EXPECT_EQ(found->note, "");
}

/// Whose end closes first is the one that waits.
TEST_F(ReadInetSockets, ConnectionsAreCountedWhereNothingListens)
{
    unique_fd listens = listener(8080);
    unique_fd client = connection(8080);
    unique_fd server(::accept4(listens.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_TRUE(server);
    listens = unique_fd();

    auto found = read();

    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->tcp_by_state[TCP_ESTABLISHED], 2U);
    EXPECT_EQ(found->tcp_by_state[TCP_LISTEN], 0U);

    client = unique_fd();
    server = unique_fd();
    found = read();

    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->tcp_by_state[TCP_TIME_WAIT], 1U);
    EXPECT_EQ(found->tcp_by_state[TCP_ESTABLISHED], 0U);
}

TEST_F(ReadInetSockets, ASocketOfIpv6AloneIsFound)
{
    const unique_fd listens = made(AF_INET6, SOCK_STREAM);
    if (!listens) GTEST_SKIP() << "this kernel has no IPv6";
    ASSERT_EQ(::listen(listens.get(), 3), 0);

    const auto found = read();

    ASSERT_TRUE(found) << found.error();
    ASSERT_EQ(found->listeners.size(), 1U);
    EXPECT_EQ(found->listeners.front().family, AF_INET6);
    EXPECT_EQ(found->tcp_by_state[TCP_LISTEN], 1U);
}

TEST_F(ReadInetSockets, MoreThanTheListsHoldAreCountedAndTold)
{
    std::vector<unique_fd> held;
    for (in_port_t port = 1000; port < 1005; ++port) {
        held.push_back(listener(port));
        held.push_back(udp(port));
    }

    const auto found = read({.listeners = 2, .udp = 3});

    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->listeners.size(), 2U);
    EXPECT_EQ(found->udp.size(), 3U);
    EXPECT_EQ(found->tcp_by_state[TCP_LISTEN], 5U);
    EXPECT_EQ(found->udp_count, 5U);
    EXPECT_EQ(found->note, "2 of 5 listeners are listed; 3 of 5 UDP sockets are listed");
}

TEST_F(ReadInetSockets, CountingHasALimitToo)
{
    std::vector<unique_fd> held;
    for (in_port_t port = 1000; port < 1005; ++port) held.push_back(listener(port));

    const auto found = read({.counted = 3});

    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->tcp_by_state[TCP_LISTEN], 3U);
    EXPECT_EQ(found->note, "of TCP sockets only 3 were counted");
}

TEST_F(ReadInetSockets, TheKernelsFilesSayTheSameButForLimits)
{
    std::vector<unique_fd> held;
    for (in_port_t port = 1000; port < 1005; ++port) held.push_back(listener(port));
    const unique_fd client = connection(1000);
    const unique_fd datagrams = udp(53);

    const auto found = read({.listeners = 3, .by_files = true});

    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->listeners.size(), 3U);
    EXPECT_FALSE(found->queue_limits_known);
    EXPECT_EQ(found->tcp_by_state[TCP_LISTEN], 5U);
    EXPECT_EQ(found->tcp_by_state[TCP_ESTABLISHED], 2U);
    ASSERT_EQ(found->udp.size(), 1U);
    EXPECT_EQ(found->udp.front().local_port, 53);
    EXPECT_EQ(found->udp.front().protocol, IPPROTO_UDP);
    EXPECT_TRUE(found->note.starts_with("TCP sockets by the kernel's files: its sock_diag is not there; "))
        << found->note;

    const auto few = read({.counted = 3, .by_files = true});
    ASSERT_TRUE(few) << few.error();
    EXPECT_EQ(few->tcp_by_state[TCP_LISTEN] + few->tcp_by_state[TCP_ESTABLISHED], 3U);
    EXPECT_NE(few->note.find("of TCP sockets only 3 were counted"), std::string::npos) << few->note;
}

TEST_F(ReadInetSockets, WhatWouldLoadAModuleIsNotAsked)
{
    testing::temporary_root root;
    utsname kernel{};
    ASSERT_EQ(::uname(&kernel), 0);
    const std::string list = std::string("/lib/modules/") + &kernel.release[0] + "/modules.builtin";
    root.write(list, "kernel/net/ipv4/inet_diag.ko\nkernel/net/ipv4/tcp_diag.ko\n");
    const unique_fd listens = listener(8080);
    const unique_fd datagrams = udp(53);

    root.write("/proc/modules", "veth 24576 0 - Live 0x0\n");

    const auto found = read({.root = root.path()});
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(found->queue_limits_known);
    EXPECT_EQ(found->note,
              "UDP sockets by the kernel's files: its sock_diag is not there; UDP sockets of IPv6 by the kernel's "
              "files: its sock_diag is not there");
    EXPECT_EQ(found->udp_count, 1U);
    const auto all = read_all({.root = root.path()});
    ASSERT_TRUE(all) << all.error();
    EXPECT_EQ(all->items.size(), 1U);
    EXPECT_TRUE(all->note.starts_with("UDP sockets are not asked for: the kernel would load a module (sock_diag)"))
        << all->note;

    root.write(list, "");
    EXPECT_EQ(read_all({.root = root.path()}).error().kind(), failure::unavailable);
    root.write("/proc/modules", "inet_diag 1 1 tcp_diag\ntcp_diag 1 0 -\nudp_diag 1 0 -\n");
    EXPECT_TRUE(read_all({.root = root.path()}));
}

TEST(WouldLoad, WithoutAListOfWhatIsPartOfTheKernelItsBaseDecides)
{
    const testing::temporary_root root;
    EXPECT_FALSE(blocking_would_load(root.path(), "inet_diag", "udp_diag"));
    root.write("/proc/modules", "tcp_diag 1 0 -\n");
    EXPECT_FALSE(blocking_would_load(root.path(), "inet_diag", "udp_diag"));
    root.write("/proc/modules", "inet_diag 1 1 tcp_diag\ntcp_diag 1 0 -\n");
    EXPECT_TRUE(blocking_would_load(root.path(), "inet_diag", "udp_diag"));
    EXPECT_FALSE(blocking_would_load(root.path(), "inet_diag", "tcp_diag"));
}

TEST_F(ReadInetSockets, AllAreListedWithWhatTcpKnows)
{
    const unique_fd listens = listener(8080);
    const unique_fd client = connection(8080);
    const unique_fd datagrams = udp(53);

    const auto found = read_all();

    ASSERT_TRUE(found) << found.error();
    ASSERT_EQ(found->items.size(), 4U);
    std::size_t connected = 0;
    for (const inet_socket& one : found->items) {
        if (one.state != TCP_ESTABLISHED) continue;
        ++connected;
        ASSERT_TRUE(one.figures);
        EXPECT_GT(one.figures->congestion_window, 0U);
        EXPECT_GT(one.figures->rtt_us, 0U);
    }
    EXPECT_EQ(connected, 2U);
    EXPECT_EQ(found->items.back().protocol, IPPROTO_UDP);
    EXPECT_EQ(found->note, "");
}

TEST_F(ReadInetSockets, AllAreNoMoreThanTheLimit)
{
    std::vector<unique_fd> held;
    for (in_port_t port = 1000; port < 1005; ++port) held.push_back(listener(port));
    const unique_fd datagrams = udp(53);

    const auto found = read_all({.sockets = 4});

    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->items.size(), 4U);
    EXPECT_EQ(found->note,
              "there are more than the 4 TCP sockets that are listed; there are more than the 0 UDP sockets that are "
              "listed");
}

TEST_F(ReadInetSockets, NobodyWaitsOrTheTimeIsOver)
{
    abandoned_.raise();
    ASSERT_FALSE(read());
    EXPECT_EQ(read().error().kind(), failure::cancelled);
    EXPECT_EQ(read_all().error().kind(), failure::cancelled);
    const abandon_flag never;
    const auto late = blocking_read_sockets(*home_, *target_, process_.get(), {}, deadline::in({}), never);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind(), failure::timed_out);
}

TEST_F(ReadInetSockets, AProcessThatHasEndedLeavesUnixSocketsUncounted)
{
    child_->stop();
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->unix_count, std::nullopt);
    EXPECT_EQ(found->note, "Unix sockets could not be counted (net/protocols)");
}

}  // namespace
}  // namespace nodescope::netlink
