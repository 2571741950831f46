#include "server/http/caller_key.hpp"

#include <gtest/gtest.h>

#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace nodescope::http {
namespace {

sockaddr_storage address(int family, const char* text)
{
    sockaddr_storage out{};
    out.ss_family = static_cast<sa_family_t>(family);
    if (family == AF_INET) inet_pton(family, text, &reinterpret_cast<sockaddr_in*>(&out)->sin_addr);
    else inet_pton(family, text, &reinterpret_cast<sockaddr_in6*>(&out)->sin6_addr);
    return out;
}

TEST(CallerKey, IsWhatOneCallerHas)
{
    const auto key_of = [](const sockaddr_storage& remote, std::optional<uid_t> uid = std::nullopt) {
        peer_info peer;
        peer.remote = remote;
        peer.uid = uid;
        return caller_key(peer);
    };
    const auto v4 = [&](const char* text) { return key_of(address(AF_INET, text)); };
    const auto v6 = [&](const char* text) { return key_of(address(AF_INET6, text)); };
    EXPECT_EQ(v4("10.0.0.1"), v4("10.0.0.1"));
    EXPECT_NE(v4("10.0.0.1"), v4("10.0.0.2"));
    EXPECT_EQ(v4("10.0.0.1"), v6("::ffff:10.0.0.1"));
    EXPECT_EQ(v6("2001:db8::1"), v6("2001:db8::ffff:1"));
    EXPECT_NE(v6("2001:db8::1"), v6("2001:db8:0:1::1"));
    EXPECT_EQ(v4("10.0.0.1"), "10.0.0.1");
    EXPECT_EQ(v6("2001:db8::1"), "2001:db8::/64");
    // The eight bytes of this network spell "uid=1000".
    EXPECT_NE(v6("7569:643d:3130:3030::1"), key_of(address(AF_INET, "127.0.0.1"), 1000));
    sockaddr_storage unix_socket{};
    unix_socket.ss_family = AF_UNIX;
    EXPECT_EQ(key_of(unix_socket, 7), key_of(address(AF_INET, "127.0.0.1"), 7));
    EXPECT_EQ(key_of(address(AF_INET, "127.0.0.1"), 7), key_of(address(AF_INET, "127.0.0.2"), 7));
    EXPECT_NE(key_of(address(AF_INET, "127.0.0.1"), 7), key_of(address(AF_INET, "127.0.0.1"), 8));
}

TEST(CallerNumber, TellsTheSameCallersApartAndPutsNetworksSideBySide)
{
    const auto number = [](int family, const char* text) {
        peer_info peer;
        peer.remote = address(family, text);
        return number_of(peer);
    };
    const auto v4 = [&](const char* text) { return number(AF_INET, text); };
    const auto v6 = [&](const char* text) { return number(AF_INET6, text); };
    EXPECT_EQ(v4("10.1.2.3").number, 0x0a010203U);
    EXPECT_EQ(v4("10.1.2.3"), v6("::ffff:10.1.2.3"));
    EXPECT_EQ(v6("2001:db8:1:2::1").number, 0x20010db800010002U);
    EXPECT_EQ(v6("2001:db8:1:2::1"), v6("2001:db8:1:2:ffff::"));
    EXPECT_NE(v6("::a01:203:0:0:0:0"), v4("10.1.2.3"));
    peer_info user;
    user.uid = 7;
    EXPECT_EQ(number_of(user).number, 7U);
    peer_info forwarded = user;
    forwarded.forwarder = "containerd (process 7)";
    EXPECT_NE(number_of(forwarded), number_of(user));
}

}  // namespace
}  // namespace nodescope::http
