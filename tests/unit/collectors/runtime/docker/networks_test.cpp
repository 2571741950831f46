#include "collectors/runtime/docker/networks.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace nodescope::docker {
namespace {

// As dockerd 20.10 writes it, shortened.
const std::string two_networks =
    R"({"bridge":{"IPAMConfig":null,"Links":null,"NetworkID":"1","Gateway":"172.17.0.1","IPAddress":"172.17.0.2",)"
    R"("IPPrefixLen":16,"IPv6Gateway":"","GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"02:42:ac:11:00:02"},)"
    R"("du\u0061l":{"Gateway":"","IPAddress":"10.1.0.2","IPPrefixLen":24,"IPv6Gateway":"2001:db8::1",)"
    R"("GlobalIPv6Address":"2001:db8::2","GlobalIPv6PrefixLen":64}})";

std::string networks_text(std::string_view networks)
{
    std::string text;
    for (const container_address& one : parse_networks(networks)) {
        text += fmt::format("{}:{}/{} via {}\n", one.network, one.address, one.prefix_length, one.gateway);
    }
    return text;
}

TEST(Networks, OfBothFamilies)
{
    EXPECT_EQ(networks_text(two_networks),
              "bridge:172.17.0.2/16 via 172.17.0.1\ndual:10.1.0.2/24 via \ndual:2001:db8::2/64 via 2001:db8::1\n");
}

TEST(Networks, OfTheNodeAndOfNone)
{
    EXPECT_EQ(networks_text(R"({"host":{"Gateway":"","IPAddress":"","IPPrefixLen":0}})"), "");
    EXPECT_EQ(networks_text(R"({"none":{}})"), "");
    EXPECT_EQ(networks_text("{}"), "");
}

TEST(Networks, WhatIsNone)
{
    for (const char* const text : {"", "null", "[]", "7", "\"x\"", R"({"a":null,"b":7,"c":[]})",
                                   R"({"a":{"IPAddress":7}})", R"({"a":{"IPAddress":null,"Gateway":"10.0.0.1"}})"}) {
        EXPECT_EQ(networks_text(text), "") << text;
    }
}

TEST(Networks, TruncatedAnywhereSaysNothing)
{
    for (std::size_t size = 0; size < two_networks.size(); ++size)
        EXPECT_EQ(networks_text(two_networks.substr(0, size)), "") << size;
}

TEST(Networks, WhatIsTooLongSaysNothing)
{
    const std::string big(300, 'x');
    EXPECT_EQ(networks_text(R"({"a":{"IPAddress":")" + big + R"("}})"), "");
    EXPECT_EQ(networks_text(R"({"a":{"IPAddress":"10.0.0.1","Gateway":")" + big + R"("}})"), "");
    EXPECT_EQ(networks_text("{\"" + big + R"(":{"IPAddress":"10.0.0.1"}})"), "");
    std::string many = "{";
    for (int i = 0; i < 1000; ++i)
        many += fmt::format(R"({}"n{}":{{"IPAddress":"10.0.0.1","IPPrefixLen":8}})", i == 0 ? "" : ",", i);
    EXPECT_EQ(parse_networks(many + "}").size(), network_address_limit);
}

}  // namespace
}  // namespace nodescope::docker
