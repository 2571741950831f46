#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(BridgeDown, SpeaksOfBridgesWithPorts)
{
    wired_container model;
    EXPECT_EQ(evidence_of(look_for_bridge_down(model)), "0 findings");
    model.bridge().flags = IFF_BROADCAST;
    finding_list found = look_for_bridge_down(model);
    EXPECT_EQ(placed_evidence_of(found), "7 br0 ports=2 port=veth2");
    EXPECT_EQ(found.items()[0].summary, "the bridge br0 on the node has 2 ports and is down");
    wired_node node;
    node.node().is_node = false;
    node.bridge().flags = 0;
    node.bridge().ports.pop_back();
    found = look_for_bridge_down(node);
    EXPECT_EQ(found.items()[0].summary, "the bridge br0 in this namespace has 1 port and is down");
    node.address(10, "10.0.0.1/24");  // link-down tells it
    EXPECT_EQ(evidence_of(look_for_bridge_down(node)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
