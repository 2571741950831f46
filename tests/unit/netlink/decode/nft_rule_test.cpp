#include "netlink/decode/filter_rules.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>  // before the kernel's

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <string>

namespace nodescope::netlink {
namespace {

using namespace std::literals;
using testing::composed;

composed expression(const std::string& name, const composed& data)
{
    composed made;
    made.bytes(NFTA_EXPR_NAME, name + '\0').nested(NFTA_EXPR_DATA, data);
    return made;
}
composed meta(std::uint32_t key, std::uint32_t to = NFT_REG_1)
{
    composed data;
    data.u32(NFTA_META_KEY, htonl(key)).u32(NFTA_META_DREG, htonl(to));
    return expression("meta", data);
}
composed payload(std::uint32_t offset, std::uint32_t size)
{
    composed data;
    data.u32(NFTA_PAYLOAD_DREG, htonl(NFT_REG_1)).u32(NFTA_PAYLOAD_BASE, htonl(NFT_PAYLOAD_NETWORK_HEADER));
    data.u32(NFTA_PAYLOAD_OFFSET, htonl(offset)).u32(NFTA_PAYLOAD_LEN, htonl(size));
    return expression("payload", data);
}
composed value(std::string_view bytes)
{
    composed made;
    made.bytes(NFTA_DATA_VALUE, bytes);
    return made;
}
composed compare(std::string_view bytes, std::uint32_t how = NFT_CMP_EQ, std::uint32_t from = NFT_REG_1)
{
    composed data;
    data.u32(NFTA_CMP_SREG, htonl(from)).u32(NFTA_CMP_OP, htonl(how)).nested(NFTA_CMP_DATA, value(bytes));
    return expression("cmp", data);
}
composed masked(std::string_view mask)
{
    composed data;
    data.u32(NFTA_BITWISE_SREG, htonl(NFT_REG_1)).u32(NFTA_BITWISE_DREG, htonl(NFT_REG_1));
    data.nested(NFTA_BITWISE_MASK, value(mask));
    return expression("bitwise", data);
}
composed looked_up(bool to_verdict)
{
    composed data;
    data.bytes(NFTA_LOOKUP_SET, "s\0"sv).u32(NFTA_LOOKUP_SREG, htonl(NFT_REG_1));
    if (to_verdict) data.u32(NFTA_LOOKUP_DREG, htonl(NFT_REG_VERDICT));
    return expression("lookup", data);
}
composed decided(std::int32_t code, const std::string& chain = "")
{
    composed verdict;
    verdict.u32(NFTA_VERDICT_CODE, htonl(static_cast<std::uint32_t>(code)));
    if (!chain.empty()) verdict.bytes(NFTA_VERDICT_CHAIN, chain + '\0');
    composed of;
    of.nested(NFTA_DATA_VERDICT, verdict);
    composed data;
    data.u32(NFTA_IMMEDIATE_DREG, htonl(NFT_REG_VERDICT)).nested(NFTA_IMMEDIATE_DATA, of);
    return expression("immediate", data);
}
composed counter() { return expression("counter", composed()); }

composed rule(const std::vector<composed>& expressions)
{
    composed list;
    for (const composed& one : expressions) list.nested(1, one);
    composed made((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWRULE,
                  nfgenmsg{.nfgen_family = NFPROTO_INET, .version = 0, .res_id = 0});
    made.bytes(NFTA_RULE_TABLE, "fw\0"sv).bytes(NFTA_RULE_CHAIN, "forward\0"sv);
    return made.nested(NFTA_RULE_EXPRESSIONS, list);
}

/// As iptables-nft writes "-i br0 ! -o eth+ -s 10.88.0.0/20 -m comment -j ACCEPT".
composed of_iptables()
{
    composed comment;
    comment.bytes(NFTA_MATCH_NAME, "comment\0"sv);
    return rule({meta(NFT_META_IIFNAME), compare("br0\0"sv), meta(NFT_META_OIFNAME), compare("eth"sv, NFT_CMP_NEQ),
                 payload(12, 4), masked("\xff\xff\xf0\x00"sv), compare("\x0a\x58\x00\x00"sv),
                 expression("match", comment), counter(), decided(NF_ACCEPT)});
}

TEST(DecodeNftRule, ReadsLinksAndAddresses)
{
    const auto read = decode_nft_rule(of_iptables());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->chain, "forward");
    EXPECT_EQ(read->verdict, filter_verdict::accept);
    EXPECT_FALSE(read->has_conditions || read->looks_in_set);
    EXPECT_EQ(read->family, AF_INET);
    ASSERT_EQ(read->interfaces.size(), 2U);
    EXPECT_EQ(read->interfaces[0].name, "br0");
    EXPECT_FALSE(read->interfaces[0].is_beginning || read->interfaces[0].outgoing || read->interfaces[0].negated);
    EXPECT_EQ(read->interfaces[1].name, "eth");
    EXPECT_TRUE(read->interfaces[1].is_beginning && read->interfaces[1].outgoing && read->interfaces[1].negated);
    ASSERT_EQ(read->addresses.size(), 1U);
    EXPECT_EQ(read->addresses[0].prefix_length, 20);
    EXPECT_EQ(read->addresses[0].address.bytes[1], 0x58);
    EXPECT_FALSE(read->addresses[0].is_destination);
}

TEST(DecodeNftRule, AWholeByteOfAPrefixIsAllThatIsLoaded)
{
    const auto four = decode_nft_rule(rule({payload(16, 3), compare("\x0a\x58\x01"sv), decided(NF_ACCEPT)}));
    ASSERT_TRUE(four);
    ASSERT_EQ(four->addresses.size(), 1U);
    EXPECT_EQ(four->addresses[0].prefix_length, 24);
    EXPECT_TRUE(four->addresses[0].is_destination);
    const auto six = decode_nft_rule(rule({meta(NFT_META_NFPROTO), compare("\x0a"sv), payload(24, 8),
                                           compare("\x20\x01\x0d\xb8\x00\x00\x00\x00"sv), decided(NF_ACCEPT)}));
    ASSERT_TRUE(six);
    EXPECT_EQ(six->family, AF_INET6);
    ASSERT_EQ(six->addresses.size(), 1U);
    EXPECT_EQ(six->addresses[0].family, AF_INET6);
    EXPECT_EQ(six->addresses[0].prefix_length, 64);
    EXPECT_TRUE(six->addresses[0].is_destination);
    EXPECT_FALSE(six->has_conditions);
}

TEST(DecodeNftRule, KnowsJumpsAndIndexesAndRegistersOfFourBytes)
{
    const auto read = decode_nft_rule(
        rule({meta(NFT_META_IIF, NFT_REG32_04), compare(std::string("\x07\0\0\0", 4), NFT_CMP_EQ, NFT_REG_2),
              decided(NFT_GOTO, "there")}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->verdict, filter_verdict::jump);
    EXPECT_EQ(read->target, "there");
    ASSERT_EQ(read->interfaces.size(), 1U);
    EXPECT_EQ(read->interfaces[0].index, 7U);
}

TEST(DecodeNftRule, WhatIsNotWeighedIsACondition)
{
    composed state;
    state.u32(NFTA_CT_KEY, htonl(NFT_CT_STATE)).u32(NFTA_CT_DREG, htonl(NFT_REG_1));
    composed match;
    match.bytes(NFTA_MATCH_NAME, "conntrack\0"sv);
    const std::vector<std::vector<composed>> all{
        {expression("ct", state), masked("\x06\x00\x00\x00"sv), compare(std::string(4, '\0'), NFT_CMP_NEQ)},
        {expression("match", match)},
        {expression("fib", composed())},
        {meta(NFT_META_MARK), compare("\x01\x00\x00\x00"sv)},
        {meta(NFT_META_IIFNAME), compare("br0\0"sv, NFT_CMP_LT)},
        {payload(12, 4), masked("\xff\x00\xff\x00"sv), compare("\x0a\x00\x01\x00"sv)},
        {meta(NFT_META_NFPROTO), compare("\x0a"sv, NFT_CMP_NEQ)},
        {expression("ct", state), looked_up(false)},
    };
    for (std::vector<composed> expressions : all) {
        expressions.push_back(decided(NF_ACCEPT));
        const auto read = decode_nft_rule(rule(expressions));
        ASSERT_TRUE(read);
        EXPECT_TRUE(read->has_conditions);
        EXPECT_TRUE(read->interfaces.empty() && read->addresses.empty());
    }
}

TEST(DecodeNftRule, SetsAreNotRead)
{
    const auto set = decode_nft_rule(rule({meta(NFT_META_IIFNAME), looked_up(false), decided(NF_ACCEPT)}));
    ASSERT_TRUE(set);
    EXPECT_TRUE(set->looks_in_set);
    EXPECT_FALSE(set->has_conditions);
    // Of a map to verdicts one may accept.
    EXPECT_TRUE(decode_nft_rule(rule({meta(NFT_META_OIFNAME), looked_up(true)})));
    EXPECT_FALSE(decode_nft_rule(rule({meta(NFT_META_MARK), looked_up(true)})));
}

TEST(DecodeNftRule, WhatNeitherAcceptsNorJumpsIsNone)
{
    EXPECT_FALSE(decode_nft_rule(rule({decided(NF_DROP)})));
    EXPECT_FALSE(decode_nft_rule(rule({decided(NFT_RETURN)})));
    EXPECT_FALSE(decode_nft_rule(rule({counter()})));
    EXPECT_FALSE(decode_nft_rule(rule({})));
    const auto all = decode_nft_rule(rule({counter(), decided(NF_ACCEPT)}));
    ASSERT_TRUE(all);
    EXPECT_FALSE(all->has_conditions);
}

TEST(DecodeNftRule, SurvivesDamage)
{
    std::size_t decoded = 0;
    testing::for_each_damage(of_iptables(), [&](byte_span bytes) { decoded += decode_nft_rule(bytes).has_value(); });
    EXPECT_GT(decoded, 0U);
}

}  // namespace
}  // namespace nodescope::netlink
