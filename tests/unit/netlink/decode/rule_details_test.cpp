#include "netlink/decode/decode.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <endian.h>

#include <gtest/gtest.h>

namespace nodescope::netlink {
namespace {

using testing::composed;

composed full_rule()
{
    fib_rule_hdr header{};
    header.family = AF_INET;
    header.action = FR_ACT_TO_TBL;
    header.src_len = 8;
    header.tos = 0x10;
    header.flags = FIB_RULE_INVERT;
    return composed(RTM_NEWRULE, header)
        .u32(FRA_PRIORITY, 100)
        .u32(FRA_SRC, 10)
        .u32(FRA_FWMARK, 1)
        .u32(FRA_FWMASK, 0xFF)
        .bytes(FRA_IFNAME, std::string_view("lo\0", 3))
        .number(FRA_UID_RANGE, fib_rule_uid_range{.start = 1, .end = 2})
        .number(FRA_DPORT_RANGE, fib_rule_port_range{.start = 80, .end = 90})
        .u8(FRA_IP_PROTO, 6)
        .number<std::uint64_t>(FRA_TUN_ID, htobe64(4))
        .u32(FRA_SUPPRESS_PREFIXLEN, 0xFFFFFFFF)
        .u32(FRA_GOTO, 300)
        .u8(FRA_PROTOCOL, RTPROT_STATIC);
}

TEST(DecodeRuleDetails, TakesEverySelector)
{
    detailed_rule rule;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(full_rule(), rule, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(rule.priority, 100U);
    EXPECT_EQ(rule.source_length, 8);
    EXPECT_EQ(rule.tos, 0x10);
    EXPECT_EQ(rule.flags, static_cast<unsigned>(FIB_RULE_INVERT));
    ASSERT_TRUE(rule.source);
    EXPECT_EQ(rule.source->bytes[0], 10);
    EXPECT_FALSE(rule.destination);
    EXPECT_EQ(rule.mark, 1U);
    EXPECT_EQ(rule.mark_mask, 0xFFU);
    EXPECT_EQ(rule.input_interface, "lo");
    EXPECT_EQ(rule.uids, (number_range{.first = 1, .last = 2}));
    EXPECT_EQ(rule.destination_ports, (number_range{.first = 80, .last = 90}));
    EXPECT_FALSE(rule.source_ports);
    EXPECT_EQ(rule.ip_protocol, 6);
    EXPECT_EQ(rule.tunnel, 4U);
    EXPECT_EQ(rule.suppress_prefix_length, 0xFFFFFFFFU);
    EXPECT_EQ(rule.go_to, 300U);
    EXPECT_EQ(rule.protocol, RTPROT_STATIC);
}

TEST(DecodeRuleDetails, ReadsNothingBeyondADamagedMessage)
{
    std::size_t refused = 0;
    testing::for_each_damage(full_rule(), [&](byte_span bytes) {
        detailed_rule rule;
        std::size_t damaged = 0;
        if (!decode(bytes, rule, damaged)) ++refused;
    });
    EXPECT_GE(refused, NLMSG_LENGTH(sizeof(fib_rule_hdr)));
}

}  // namespace
}  // namespace nodescope::netlink
