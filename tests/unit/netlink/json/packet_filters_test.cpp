#include "netlink/json/packet_filters.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>

#include <linux/netfilter.h>

#include <string>

namespace nodescope::netlink {

TEST(PacketFiltersJson, WritesTablesAndHooks)
{
    packet_filters what;
    nft_table_summary& table = what.nft.emplace().emplace_back();
    table.table = {NFPROTO_NETDEV, "t\"\x1b", true};
    table.chains = 2;
    table.rules = 3;
    nft_chain& chain = table.base_chains.emplace_back();
    chain.family = NFPROTO_NETDEV;
    chain.name = "c";
    chain.type = "filter";
    chain.policy = NF_DROP;
    chain.hook = nft_hook{0, -5, "eth0"};
    nft_chain& strange = table.base_chains.emplace_back();
    strange.family = NFPROTO_NETDEV;
    strange.hook = nft_hook{77, 1, ""};
    what.legacy.emplace().push_back({"ipv4", "nat", 0b11011, 7});
    what.legacy->push_back({"arp", "filter", 0, std::nullopt});
    std::string text;
    json_writer out(text);

    write_filters(out, what);

    EXPECT_EQ(text, R"({"nft":[{"family":"netdev","name":"t\"\u001b","dormant":true,"chains":2,"rules":3,"hooks":[)"
                    R"({"chain":"c","type":"filter","hook":"ingress","priority":-5,"policy":"drop","device":"eth0"},)"
                    R"({"chain":"","type":"","hook":77,"priority":1}]}],)"
                    R"("legacy":[{"family":"ipv4","name":"nat","rules":7,)"
                    R"("hooks":["prerouting","input","output","postrouting"]},)"
                    R"({"family":"arp","name":"filter","rules":null,"hooks":[]}]})");
}

TEST(PacketFiltersJson, WhatCouldNotBeReadIsNull)
{
    std::string text;
    json_writer out(text);
    write_filters(out, {});
    EXPECT_EQ(text, R"({"nft":null,"legacy":null})");
}

}  // namespace nodescope::netlink
