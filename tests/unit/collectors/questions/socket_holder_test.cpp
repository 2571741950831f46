#include "collectors/questions/socket_holder.hpp"
#include "collectors/questions/forwarded_socket.hpp"
#include "collectors/questions/peer_socket.hpp"
#include "core/unique_fd.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <cstring>
#include <string>

#include <arpa/inet.h>
#include <unistd.h>

using namespace nodescope;
using nodescope::testing::temporary_root;

namespace {

constexpr std::chrono::seconds look_limit{10};

sockaddr_storage name_of(int descriptor, decltype(::getsockname)* ask)
{
    sockaddr_storage name{};
    socklen_t size = sizeof(name);
    EXPECT_EQ(ask(descriptor, reinterpret_cast<sockaddr*>(&name), &size), 0);
    return name;
}

/// A listener on a port of the kernel's choice, and a connection to it that is not accepted yet.
struct SocketHolders : ::testing::Test {
    SocketHolders()
    {
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0);
        EXPECT_EQ(listen(listener.get(), 1), 0);
        const sockaddr_storage name = name_of(listener.get(), ::getsockname);
        EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(any)), 0);
    }
    [[nodiscard]] netlink::endpoint address() const
    {
        return netlink::endpoint_of(name_of(listener.get(), ::getsockname)).value_or(netlink::endpoint());
    }
    unique_fd listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    unique_fd client{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

std::string ourselves() { return fmt::format("uid {}, process {} (", ::geteuid(), ::getpid()); }

}  // namespace

TEST_F(SocketHolders, WhoAnswersIsWhoListensOrHasAccepted)
{
    const auto waiting = blocking_find_answerer(client.get());
    ASSERT_TRUE(waiting) << waiting.error();
    EXPECT_EQ(waiting->uid, ::geteuid());

    const unique_fd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    listener.reset();

    const auto answering = blocking_find_answerer(client.get());
    ASSERT_TRUE(answering) << answering.error();
    EXPECT_EQ(answering->uid, ::geteuid());
    EXPECT_NE(answering->inode, waiting->inode);
    EXPECT_TRUE(blocking_describe(*answering, "/", deadline::in(look_limit)).starts_with(ourselves()));
}

TEST_F(SocketHolders, NobodyAnswersWhereItWasClosed)
{
    listener.reset();

    const auto found = blocking_find_answerer(client.get());

    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), failure::gone);
}

TEST_F(SocketHolders, AListenerIsFoundByItsAddressAndByAWildcard)
{
    const auto found = blocking_find_holder(address());
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->uid, ::geteuid());

    const in_addr any{INADDR_ANY};
    const auto by_wildcard = blocking_find_holder(netlink::endpoint_of(AF_INET, &any, address().port));
    ASSERT_TRUE(by_wildcard) << by_wildcard.error();
    EXPECT_EQ(by_wildcard->inode, found->inode);

    const netlink::endpoint where = address();
    listener.reset();
    EXPECT_EQ(blocking_find_holder(where).error().kind(), failure::gone);
}

TEST_F(SocketHolders, WhoHoldsAClientIsNoForwarderHere)
{
    const sockaddr_storage ours = name_of(client.get(), ::getpeername);
    const sockaddr_storage peers = name_of(client.get(), ::getsockname);
    const auto peer = peer_sockets().blocking_find(ours, peers);
    ASSERT_TRUE(peer) << peer.error();
    const temporary_root root;
    root.write("/proc/1/comm", "systemd\n");
    forwarded_sockets forwarded(root.path());
    const auto ask = [&] {
        return forwarded.blocking_find_forwarder(ours, peers, *peer, steady_clock::now(), deadline::in(look_limit),
                                                 [] { return false; });
    };

    const auto found = ask();
    ASSERT_TRUE(found) << found.error();
    EXPECT_FALSE(*found);

    // What was closed meanwhile may have been anybody's.
    client.reset();
    const auto closed = ask();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().kind(), failure::gone);
}

TEST(UnixSocketHolders, AreWhoListens)
{
    const temporary_root folder;
    const std::string path = folder.path() + "/socket";
    const unique_fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(blocking_find_holder(path).error().kind(), failure::unavailable);
    ASSERT_EQ(listen(listener.get(), 1), 0);

    const auto found = blocking_find_holder(path);

    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->pid, ::getpid());
    EXPECT_TRUE(blocking_describe(*found, "/", deadline::in(look_limit)).starts_with(ourselves()));
    EXPECT_FALSE(blocking_find_holder(std::string(200, 'x')));
}
