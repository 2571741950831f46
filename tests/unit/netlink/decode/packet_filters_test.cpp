#include "netlink/decode/packet_filters.hpp"

#include "netlink/decode/decode.hpp"
#include "netlink/model/packet_filters.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstring>
#include <optional>
#include <string>

namespace nodescope::netlink {
namespace {

using testing::composed;

composed message(int kind, std::uint8_t family = NFPROTO_INET)
{
    return {(NFNL_SUBSYS_NFTABLES << 8) | kind, nfgenmsg{.nfgen_family = family, .version = 0, .res_id = 0}};
}

composed base_chain()
{
    composed hook;
    hook.u32(NFTA_HOOK_HOOKNUM, htonl(1)).u32(NFTA_HOOK_PRIORITY, htonl(static_cast<std::uint32_t>(-150)));
    composed devices;
    devices.bytes(1, std::string("eth0\0", 5)).bytes(1, std::string("eth1\0", 5));
    hook.nested(NFTA_HOOK_DEVS, devices);
    composed chain = message(NFT_MSG_NEWCHAIN);
    chain.bytes(NFTA_CHAIN_TABLE, std::string("fw\0", 3)).bytes(NFTA_CHAIN_NAME, std::string("in\0", 3));
    chain.nested(NFTA_CHAIN_HOOK, hook).u32(NFTA_CHAIN_POLICY, htonl(NF_DROP));
    return chain.bytes(NFTA_CHAIN_TYPE, std::string("filter\0", 7));
}

/// An entry of a legacy table, of the IPv4 layout.
std::string entry(std::string_view target, std::size_t matches = 0, std::size_t data = 4)
{
    constexpr std::size_t head_of_target = 32;
    std::string bytes(ipt_layout.size + matches + head_of_target + data, '\0');
    const auto target_offset = static_cast<std::uint16_t>(ipt_layout.size + matches);
    const auto next = static_cast<std::uint16_t>(bytes.size());
    std::memcpy(bytes.data() + ipt_layout.target_offset, &target_offset, sizeof target_offset);
    std::memcpy(bytes.data() + ipt_layout.next_offset, &next, sizeof next);
    std::memcpy(bytes.data() + target_offset + 2, target.data(), target.size());
    return bytes;
}

std::optional<std::uint64_t> rules_counted(const std::string& entries, unsigned hooks)
{
    const testing::guarded_bytes guarded(entries);
    return count_legacy_rules({reinterpret_cast<const std::byte*>(guarded.view().data()), entries.size()}, ipt_layout,
                              hooks);
}

}  // namespace

TEST(DecodeNftChain, ReadsTheHook)
{
    std::size_t damaged = 0;
    nft_chain chain;
    ASSERT_TRUE(decode(base_chain(), chain, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(chain.name, "in");
    EXPECT_EQ(chain.table, "fw");
    EXPECT_EQ(chain.type, "filter");
    ASSERT_TRUE(chain.hook);
    EXPECT_EQ(chain.hook->number, 1U);
    EXPECT_EQ(chain.hook->priority, -150);
    EXPECT_EQ(chain.hook->device, "eth0");
    EXPECT_EQ(chain.policy, std::optional<std::uint32_t>(NF_DROP));
}

TEST(DecodeNftChain, SurvivesDamage)
{
    std::size_t decoded = 0;
    testing::for_each_damage(base_chain(), [&](byte_span bytes) {
        std::size_t damaged = 0;
        nft_chain chain;
        decoded += decode(bytes, chain, damaged);
    });
    EXPECT_GT(decoded, 0U);
}

TEST(DecodeNftTable, KnowsOneThatSleeps)
{
    for (const std::uint32_t flags : {0U, 1U, 2U, 3U}) {
        std::size_t damaged = 0;
        nft_table table;
        ASSERT_TRUE(decode(message(NFT_MSG_NEWTABLE).u32(NFTA_TABLE_FLAGS, htonl(flags)), table, damaged));
        EXPECT_EQ(table.dormant, (flags & 1U) != 0);
    }
}

TEST(PlaceOfRule, IsItsTable)
{
    composed rule = message(NFT_MSG_NEWRULE, NFPROTO_IPV6);
    EXPECT_FALSE(place_of_rule(rule));
    rule.bytes(NFTA_RULE_TABLE, std::string("nat\0", 4));
    const auto place = place_of_rule(rule);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->family, NFPROTO_IPV6);
    EXPECT_EQ(place->table, "nat");
    EXPECT_FALSE(place_of_rule(base_chain()));
    testing::for_each_damage(rule, [](byte_span bytes) { (void)place_of_rule(bytes); });
}

TEST(CountLegacyRules, LeavesOutWhatFramesChains)
{
    const std::string empty = entry("") + entry("") + entry("ERROR");
    EXPECT_EQ(rules_counted(empty, 2), std::optional<std::uint64_t>(0));
    // One rule with a match in a built-in chain, and a chain of a user with two rules and its return.
    const std::string some = entry("DNAT", 40, 24) + entry("") + entry("ERROR") + entry("DROP") + entry("", 100) +
                             entry("") + entry("ERROR");
    EXPECT_EQ(rules_counted(some, 1), std::optional<std::uint64_t>(3));
    // Fewer entries than a table of so many hooks has: nonsense, but no underflow.
    EXPECT_EQ(rules_counted(empty, 9), std::optional<std::uint64_t>(0));
}

TEST(CountLegacyRules, WhatIsNoTableIsNotCounted)
{
    EXPECT_EQ(rules_counted("", 1), std::nullopt);
    EXPECT_EQ(rules_counted(entry(""), 1), std::nullopt);
    const std::string good = entry("", 8) + entry("ERROR");
    for (std::size_t size = 1; size < good.size(); ++size) {
        EXPECT_EQ(rules_counted(good.substr(0, size), 1), std::nullopt) << size;
    }
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (const char value : {'\0', '\x01', '\x7f', '\xff'}) {
            std::string changed = good;
            changed[at] = value;
            (void)rules_counted(changed, 1);
        }
    }
}

TEST(NftNames, OfFamiliesAndHooks)
{
    EXPECT_EQ(nft_family_name(NFPROTO_IPV4), "ip");
    EXPECT_EQ(nft_family_name(99), "family 99");
    EXPECT_EQ(nft_hook_name(NFPROTO_INET, NF_INET_POST_ROUTING), "postrouting");
    EXPECT_EQ(nft_hook_name(NFPROTO_ARP, 1), "output");
    EXPECT_EQ(nft_hook_name(NFPROTO_NETDEV, 0), "ingress");
    EXPECT_EQ(nft_hook_name(NFPROTO_NETDEV, 2), "");
    EXPECT_EQ(nft_hook_name(NFPROTO_INET, 6), "");
}

}  // namespace nodescope::netlink
