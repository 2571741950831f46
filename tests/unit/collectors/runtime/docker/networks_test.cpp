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
    for (const given_address& one : parse_networks(networks)) {
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

const std::string some_ports =
    R"({"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},{"HostIp":"::","HostPort":"8080"}],"443/tcp":null,)"
    R"("53/udp":[{"HostIp":"","HostPort":"53"}],"22/tcp":[{"HostPort":"2222"}],"99/tcp":[]})";

TEST(PublishedPorts, ThoseOfTcpThatThePortsOfTheNodeLeadTo)
{
    EXPECT_EQ(parse_published_ports(some_ports), (std::vector<std::uint16_t>{22, 80}));
    for (std::size_t size = 0; size < some_ports.size(); ++size)
        EXPECT_TRUE(parse_published_ports(some_ports.substr(0, size)).empty()) << size;
}

TEST(PublishedPorts, WhatIsNone)
{
    for (const char* const text : {"", "null", "[]", "7", "{}", R"({"tcp":[{}]})", R"({"/tcp":[{}]})",
                                   R"({"0/tcp":[{}]})", R"({"65536/tcp":[{}]})", R"({"80x/tcp":[{}]})",
                                   R"({"-1/tcp":[{}]})", R"({"80/tcp":{"HostPort":"80"}})", R"({"80":[{}]})"}) {
        EXPECT_TRUE(parse_published_ports(text).empty()) << text;
    }
    std::string many = "{";
    for (int i = 1; i <= 2000; ++i) many += fmt::format(R"({}"{}/tcp":[{{}}])", i == 1 ? "" : ",", i);
    EXPECT_EQ(parse_published_ports(many + "}").size(), published_port_limit);
}

TEST(NetworkWords, OfTheContainerThatWasAskedFor)
{
    const std::string body = R"({"Id":"abc","State":{"Pid":7},"NetworkSettings":{"SandboxKey":"/k","Networks":)" +
                             two_networks + R"(,"Ports":)" + some_ports + "}}";
    const auto made = parse_network_words(body, "abc");
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ(made->pid, 7);
    EXPECT_EQ(made->network_file, "/k");
    EXPECT_EQ(made->addresses.size(), 3U);
    EXPECT_EQ(made->tcp_ports.size(), 2U);
    EXPECT_EQ(parse_network_words(body, "abd").error().kind(), failure::gone);
    EXPECT_EQ(parse_network_words("{}", "abc").error().kind(), failure::gone);
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_FALSE(parse_network_words(body.substr(0, size), "abc")) << size;
}

}  // namespace
}  // namespace nodescope::docker
