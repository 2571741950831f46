#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(BlackholeDefault, SpeaksOfEachWayToDrop)
{
    const std::pair<std::uint8_t, std::string> types[] = {
        {RTN_BLACKHOLE, "blackhole"}, {RTN_UNREACHABLE, "unreachable"}, {RTN_PROHIBIT, "prohibit"}};
    for (const auto& [type, name] : types) {
        made_model model;
        model.default_route().type = type;
        EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), " family=IPv4 type=" + name + " table=main metric=0");
        model.default_route().protocol = RTPROT_KERNEL;
        EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    }
    made_model model;
    model.route("::/0", "").type = RTN_UNREACHABLE;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), " family=IPv6 type=unreachable table=main metric=0");
}

TEST(BlackholeDefault, IsSilentOfABackstop)
{
    made_model model;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    netlink::detailed_route& backstop = model.route("0.0.0.0/0", "");
    backstop.type = RTN_UNREACHABLE;
    backstop.priority = 4278198272;
    model.route("10.9.0.0/16", "").type = RTN_BLACKHOLE;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    model.default_route().priority = 4278198273;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)),
              " family=IPv4 type=unreachable table=main metric=4278198272");
}

TEST(BlackholeDefault, FollowsTheRulesOfOrdinaryPackets)
{
    made_model model;
    model.route("0.0.0.0/0", "", 77).type = RTN_BLACKHOLE;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    netlink::detailed_rule& marked = model.rule(AF_INET, 100, 77);
    marked.mark = 7;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    netlink::detailed_rule& rule = model.rules.items.back();
    rule.mark.reset();
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), " family=IPv4 type=blackhole table=77 metric=0");
    rule.suppress_prefix_length = 0;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    rule.suppress_prefix_length = 0xFFFFFFFF;
    rule.flags = FIB_RULE_INVERT;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    rule.flags = 0;
    rule.action = FR_ACT_NOP;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    rule.action = FR_ACT_TO_TBL;
    rule.priority = 40000;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), "0 findings");
    model.default_route().type = RTN_THROW;
    EXPECT_EQ(evidence_of(look_for_blackhole_default(model)), " family=IPv4 type=blackhole table=77 metric=0");
}

}  // namespace
}  // namespace nodescope::findings
