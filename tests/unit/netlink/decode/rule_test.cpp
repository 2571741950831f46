#include "netlink/decode/decode.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace nodescope::netlink {
namespace {

using testing::composed;

composed rule_message(std::uint8_t action, std::uint8_t table)
{
    fib_rule_hdr header{};
    header.family = AF_INET;
    header.action = action;
    header.table = table;
    return {RTM_NEWRULE, header};
}

TEST(DecodeRule, TakesTheLongNumberOfATableBeforeTheShortOne)
{
    routing_rule rule;
    std::size_t damaged = 0;
    EXPECT_TRUE(decode(rule_message(FR_ACT_TO_TBL, RT_TABLE_COMPAT).u32(FRA_TABLE, 1000).u32(FRA_PRIORITY, 32765), rule,
                       damaged));
    EXPECT_EQ(rule, (routing_rule{.family = AF_INET, .action = FR_ACT_TO_TBL, .priority = 32765, .table = 1000}));
    EXPECT_TRUE(decode(rule_message(FR_ACT_BLACKHOLE, RT_TABLE_UNSPEC), rule = {}, damaged));
    EXPECT_EQ(rule.action, FR_ACT_BLACKHOLE);
    EXPECT_EQ(damaged, 0U);
}

TEST(DecodeRule, ReadsNothingBeyondADamagedMessage)
{
    const composed whole = rule_message(FR_ACT_TO_TBL, 7).u32(FRA_PRIORITY, 1).u32(FRA_TABLE, 7);
    std::size_t refused = 0;
    testing::for_each_damage(whole, [&](byte_span bytes) {
        routing_rule rule;
        std::size_t damaged = 0;
        if (!decode(bytes, rule, damaged)) ++refused;
    });
    EXPECT_GE(refused, NLMSG_LENGTH(sizeof(fib_rule_hdr)));
}

}  // namespace
}  // namespace nodescope::netlink
