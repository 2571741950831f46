#include "core/url_text.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace nodescope {
namespace {

struct row {
    std::string text;
    std::string host;  ///< empty: refused
    bool is_address;
    int port;  ///< -1: none
    std::string why;
};

TEST(ParseHostAndPort, TakesTheFormsAndSaysWhatIsWrongWithTheRest)
{
    const std::string brackets = "an IPv6 address stands in brackets, and nothing else does";
    const std::string number = "the port is not a number from 0 to 65535";
    const std::string neither = "the host is neither an address nor a name";
    for (const row& each : {row{"127.0.0.1:8095", "127.0.0.1", true, 8095, ""},
                            row{"127.0.0.1", "127.0.0.1", true, -1, ""},
                            row{"[::1]", "::1", true, -1, ""},
                            row{"[::1]:0", "::1", true, 0, ""},
                            row{"[::ffff:10.0.0.1]:65535", "::ffff:10.0.0.1", true, 65535, ""},
                            row{"[fe80::1%eth0]:80", "fe80::1%eth0", true, 80, ""},
                            row{"localhost:00080", "localhost", false, 80, ""},
                            row{"node-7.a_b.example", "node-7.a_b.example", false, -1, ""},
                            row{"127.1:80", "127.1", false, 80, ""},
                            row{"256.0.0.1", "256.0.0.1", false, -1, ""},
                            row{std::string(253, 'a'), std::string(253, 'a'), false, -1, ""},
                            row{std::string(254, 'a'), "", false, -1, neither},
                            row{"", "", false, -1, "the host is missing"},
                            row{":80", "", false, -1, "the host is missing"},
                            row{"a:", "", false, -1, number},
                            row{"a:x", "", false, -1, number},
                            row{"a:-1", "", false, -1, number},
                            row{"a:+1", "", false, -1, number},
                            row{"a:80x", "", false, -1, number},
                            row{"a:65536", "", false, -1, number},
                            row{"a:080808", "", false, -1, number},
                            row{"::1:80", "", false, -1, brackets},
                            row{"a:80:80", "", false, -1, brackets},
                            row{"http://a:80", "", false, -1, brackets},
                            row{"[", "", false, -1, brackets},
                            row{"[]:80", "", false, -1, brackets},
                            row{"[::1", "", false, -1, brackets},
                            row{"[::1]x", "", false, -1, brackets},
                            row{"[127.0.0.1]:80", "", false, -1, brackets},
                            row{"[fe80::1%]:80", "", false, -1, brackets},
                            row{"[fe80::1%a b]", "", false, -1, brackets},
                            row{"user@a", "", false, -1, neither},
                            row{"a/b", "", false, -1, neither},
                            row{"a b", "", false, -1, neither},
                            row{std::string("a\0b", 3), "", false, -1, neither},
                            row{"l\xc3\xa4nd", "", false, -1, neither}}) {
        const auto got = parse_host_and_port(each.text);
        ASSERT_EQ(got.has_value(), !each.host.empty()) << each.text;
        if (!got) {
            EXPECT_EQ(got.error().message(), each.why) << each.text;
            continue;
        }
        EXPECT_EQ(got->host, each.host) << each.text;
        EXPECT_EQ(got->is_address, each.is_address) << each.text;
        EXPECT_EQ(got->port ? *got->port : -1, each.port) << each.text;
    }
}

TEST(AuthorityText, PutsBracketsAroundIpv6)
{
    EXPECT_EQ(authority_text("a", 80), "a:80");
    EXPECT_EQ(authority_text("::1", 80), "[::1]:80");
}

TEST(IsLoopbackHost, GoesByTheText)
{
    for (const char* const here : {"localhost", "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(is_loopback_host(here)) << here;
    }
    for (const char* const there :
         {"", "0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:10.0.0.1", "localhost.example", "127.1", "LOCALHOST"}) {
        EXPECT_FALSE(is_loopback_host(there)) << there;
    }
}

TEST(PercentEncode, KeepsOnlyWhatIsUnreserved)
{
    for (int byte = 0; byte < 256; ++byte) {
        const std::string encoded = percent_encode(std::string(1, static_cast<char>(byte)));
        const bool plain =
            byte < 128 && (std::isalnum(byte) != 0 || byte == '-' || byte == '.' || byte == '_' || byte == '~');
        EXPECT_EQ(encoded.size(), plain ? 1U : 3U) << byte;
    }
    EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(percent_encode("a/b?c#d%e f=\xff"), "a%2Fb%3Fc%23d%25e%20f%3D%FF");
}

TEST(IsLoopback, KnowsLoopbackAddressesOfSockets)
{
    const auto loopback = [](int family, const char* text) {
        sockaddr_storage address{};
        address.ss_family = static_cast<sa_family_t>(family);
        void* const bytes = family == AF_INET
                                ? static_cast<void*>(&reinterpret_cast<sockaddr_in*>(&address)->sin_addr)
                                : static_cast<void*>(&reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr);
        EXPECT_EQ(inet_pton(family, text, bytes), 1);
        return is_loopback(address);
    };
    for (const char* const text : {"127.0.0.1", "127.200.0.7"}) EXPECT_TRUE(loopback(AF_INET, text)) << text;
    for (const char* const text : {"::1", "::ffff:127.0.0.2"}) EXPECT_TRUE(loopback(AF_INET6, text)) << text;
    EXPECT_FALSE(loopback(AF_INET, "10.0.0.1"));
    for (const char* const text : {"::2", "::ffff:10.0.0.1", "2001:db8::1"}) EXPECT_FALSE(loopback(AF_INET6, text));
    EXPECT_FALSE(is_loopback(sockaddr_storage{}));
}

}  // namespace
}  // namespace nodescope
