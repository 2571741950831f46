#include "collectors/network/runtime_words/runtime_words.hpp"

#include "netlink/text/address_text.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <string>

namespace nodescope {
namespace {

std::string said_texts(const std::vector<findings::said_address>& all)
{
    std::string text;
    for (const findings::said_address& one : all) {
        text += fmt::format("{} {}/{} ", one.network, netlink::address_text(one.family, one.address),
                            one.prefix_length ? std::to_string(*one.prefix_length) : "-");
    }
    return text;
}

TEST(RuntimeWords, AddressesAsBytes)
{
    network_words said;
    said.runtime = "docker";
    said.addresses = {{"a", "10.0.0.2", 24, "10.0.0.1"}, {"b", "2001:db8::2", 64, ""}, {"c", "10.0.0.3", 0, "fe80::1"}};
    const findings::runtime_words words = words_of(said);
    EXPECT_EQ(words.runtime, "docker");
    EXPECT_EQ(said_texts(words.addresses), "a 10.0.0.2/24 b 2001:db8::2/64 c 10.0.0.3/- ");
    EXPECT_EQ(said_texts(words.gateways), "a 10.0.0.1/- c fe80::1/- ");
}

TEST(RuntimeWords, WhatIsNoAddressIsLeftOut)
{
    network_words said;
    for (const std::string& text : {std::string(), std::string("10.0.0"), std::string("10.0.0.1/24"),
                                    std::string("::g"), std::string("10.0.0.1\0x", 10), std::string(300, '1')})
        said.addresses.push_back({"a", text, 24, text});
    const findings::runtime_words words = words_of(said);
    EXPECT_TRUE(words.addresses.empty());
    EXPECT_TRUE(words.gateways.empty());
    said.addresses = {{"a", "10.0.0.2", 33, ""}, {"a", "10.0.0.2", -1, ""}, {"a", "::2", 129, ""}};
    EXPECT_EQ(said_texts(words_of(said).addresses), "a 10.0.0.2/- a 10.0.0.2/- a ::2/- ");
}

TEST(RuntimeWords, NetworksOfTheFileAndOfTheProcess)
{
    network_words said;
    said.pid = ::getpid();
    said.tcp_ports = {80};
    // What is no network says nothing.
    for (const char* const file :
         {"", "/dev/null", "/nonexistent/file", "/run/docker/netns/default", "proc/self/ns/net"}) {
        said.network_file = file;
        const auto made = blocking_compare_networks("/", said);
        ASSERT_EQ(made.items.size(), 1U);
        EXPECT_EQ(made.missing, "");
        EXPECT_FALSE(made.items[0].netns) << file;
        EXPECT_FALSE(made.items[0].first_process_netns);
        EXPECT_EQ(made.items[0].tcp_ports, std::vector<std::uint16_t>{80});
    }
}

}  // namespace
}  // namespace nodescope
