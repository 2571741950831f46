#include "netlink/read/tcp_sockets.hpp"

#include "core/unique_fd.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::netlink {
namespace {

endpoint name_of(int descriptor, decltype(::getsockname)* ask)
{
    sockaddr_storage name{};
    socklen_t size = sizeof(name);
    EXPECT_EQ(ask(descriptor, reinterpret_cast<sockaddr*>(&name), &size), 0);
    return endpoint_of(name).value_or(endpoint());
}

/// A listener on a port of the kernel's choice, and a connection to it.
struct TcpSockets : ::testing::Test {
    TcpSockets()
    {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0);
        EXPECT_EQ(listen(listener.get(), 1), 0);
        socklen_t size = sizeof(any);
        EXPECT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&any), &size), 0);
        EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0);
    }
    unique_fd listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    unique_fd client{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

TEST_F(TcpSockets, AConnectedOneIsFoundWithItsOwner)
{
    const auto found =
        blocking_find_connected(name_of(client.get(), ::getsockname), name_of(client.get(), ::getpeername));

    ASSERT_TRUE(found) << found.error().message();
    struct stat status {};
    ASSERT_EQ(fstat(client.get(), &status), 0);
    EXPECT_EQ(found->inode, status.st_ino);
    EXPECT_EQ(found->uid, geteuid());
    EXPECT_EQ(found->state, TCP_ESTABLISHED);
}

TEST_F(TcpSockets, ManyAreFoundWithOneSocket)
{
    const endpoint ours = name_of(client.get(), ::getsockname);
    const endpoint theirs = name_of(client.get(), ::getpeername);
    tcp_socket_finder finder;
    const auto first = finder.blocking_find_connected(ours, theirs);
    ASSERT_TRUE(first) << first.error().message();
    const unique_fd before(dup(client.get()));

    const auto second = finder.blocking_find_connected(ours, theirs);
    const auto listener_as_peer =
        finder.blocking_find_connected(theirs, endpoint_of(AF_INET, "\x7f\0\0\x01", htons(9)));
    const auto third = finder.blocking_find_connected(ours, theirs);

    ASSERT_TRUE(second && third);
    EXPECT_EQ(second->inode, first->inode);
    EXPECT_EQ(third->inode, first->inode);
    ASSERT_FALSE(listener_as_peer);
    EXPECT_EQ(listener_as_peer.error().kind(), failure::gone);
    // None was opened: the next descriptor is the next number.
    const unique_fd after(dup(client.get()));
    EXPECT_EQ(after.get(), before.get() + 1);
}

TEST_F(TcpSockets, AListenerIsFoundByItsAddress)
{
    const auto found = blocking_find_listener(name_of(listener.get(), ::getsockname));

    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->state, TCP_LISTEN);
    EXPECT_EQ(found->uid, geteuid());
}

TEST_F(TcpSockets, AListenerIsNobodysPeer)
{
    const endpoint address = name_of(listener.get(), ::getsockname);

    const auto found = blocking_find_connected(address, endpoint_of(AF_INET, "\x7f\0\0\x01", htons(9)));

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), failure::gone);
}

TEST_F(TcpSockets, WhatIsClosedIsNobodys)
{
    const endpoint ours = name_of(client.get(), ::getsockname);
    const endpoint theirs = name_of(client.get(), ::getpeername);
    client.reset();
    listener.reset();

    ASSERT_FALSE(blocking_find_connected(ours, theirs));
    ASSERT_FALSE(blocking_find_listener(theirs));
    EXPECT_EQ(blocking_find_listener(theirs).error().kind(), failure::gone);
}

}  // namespace
}  // namespace nodescope::netlink
