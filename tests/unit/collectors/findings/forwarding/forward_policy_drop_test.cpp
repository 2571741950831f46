#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

netlink::dropping_chain dropping(std::uint8_t family)
{
    netlink::dropping_chain made;
    made.variant = "legacy";
    made.family = family;
    made.table = "filter";
    made.name = "FORWARD";
    return made;
}

std::shared_ptr<const std::vector<netlink::filter_rule>> accepting_rules()
{
    netlink::filter_rule rule;
    rule.chain = "FORWARD";
    return std::make_shared<const std::vector<netlink::filter_rule>>(1, rule);
}

TEST(ForwardPolicyDrop, SpeaksWhereNoRuleAccepts)
{
    wired_container model;
    EXPECT_EQ(evidence_of(look_for_forward_policy_drop(model)), "0 findings");
    model.node_filters().dropping.push_back(dropping(AF_INET));
    const finding_list found = look_for_forward_policy_drop(model);
    EXPECT_EQ(placed_evidence_of(found), "7 br0 family=IPv4 variant=legacy table=filter chain=FORWARD bridge=br0");
    EXPECT_EQ(found.items()[0].summary,
              "the chain FORWARD of the table filter (legacy) drops what no rule accepts, and "
              "none accepts the IPv4 packets of br0 on the node");
    model.node_filters().dropping[0].rules = accepting_rules();
    EXPECT_EQ(evidence_of(look_for_forward_policy_drop(model)), "0 findings");
}

TEST(ForwardPolicyDrop, EachChainMustAccept)
{
    wired_node model;
    model.node_filters().dropping = {dropping(AF_INET), dropping(0)};
    EXPECT_EQ(evidence_of(look_for_forward_policy_drop(model)), "2 findings");
    model.node_filters().dropping[1].rules = accepting_rules();
    EXPECT_EQ(placed_evidence_of(look_for_forward_policy_drop(model)),
              "7 br0 family=IPv4 variant=legacy table=filter chain=FORWARD bridge=br0");
}

TEST(ForwardPolicyDrop, IsSilentOfOtherFamiliesAndNamespaces)
{
    wired_container model;
    model.node_filters().dropping.push_back(dropping(AF_INET6));
    model.filters.items[0].filters.dropping.push_back(dropping(AF_INET));  // the container's own
    EXPECT_EQ(evidence_of(look_for_forward_policy_drop(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
