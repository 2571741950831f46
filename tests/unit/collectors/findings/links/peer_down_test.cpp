#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(PeerDown, SpeaksInPlaceOfNoCarrier)
{
    made_model model;
    model.eth0().flags = IFF_UP | IFF_BROADCAST;
    other_end& end = model.end(2, "veth7", IFF_BROADCAST, 1500);
    const finding_list found = look_for_peer_down(model);
    EXPECT_EQ(evidence_of(found), "eth0 peer=veth7 kind=veth address=10.0.0.2/24");
    EXPECT_EQ(found.items()[0].summary, "veth7 on the node, to which eth0 is connected, is down");
    EXPECT_EQ(evidence_of(look_for_no_carrier(model)), "0 findings");
    end.flags = IFF_UP;
    EXPECT_EQ(evidence_of(look_for_peer_down(model)), "0 findings");
    EXPECT_NE(evidence_of(look_for_no_carrier(model)), "0 findings");
}

TEST(PeerDown, IsSilentOfOtherPlaces)
{
    made_model elsewhere;
    elsewhere.end(2, "veth7", 0, 1500).on_node = false;
    made_model node;
    node.is_node = true;
    node.end(2, "veth7", 0, 1500);
    made_model here;
    here.end(2, "veth7", 0, 1500).here = true;
    for (const network_model& model : {elsewhere, node, here}) {
        EXPECT_EQ(evidence_of(look_for_peer_down(model)), "0 findings");
    }
}

TEST(PeerDown, IsSilentOfLinksThatNobodyUses)
{
    made_model down;
    down.eth0().flags = 0;
    down.end(2, "veth7", 0, 1500);
    made_model unaddressed;
    unaddressed.addresses.items.clear();
    unaddressed.end(2, "veth7", 0, 1500);
    made_model gone;
    gone.address(9, "10.0.0.9/24");
    gone.end(9, "veth7", 0, 1500);
    for (const network_model& model : {down, unaddressed, gone}) {
        EXPECT_EQ(evidence_of(look_for_peer_down(model)), "0 findings");
    }
}

}  // namespace
}  // namespace nodescope::findings
