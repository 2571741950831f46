#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

/// veth2 is taken out of its bridge.
struct taken_out : wired_container {
    taken_out()
    {
        end().bridge.reset();
        end().master.clear();
    }
};

TEST(PeerUnattached, SpeaksWhereNothingLeadsToTheEnd)
{
    EXPECT_EQ(evidence_of(look_for_peer_unattached(wired_container())), "0 findings");
    const taken_out model;
    const finding_list found = look_for_peer_unattached(model);
    EXPECT_EQ(placed_evidence_of(found), "0 eth0 peer=veth2 address=10.0.0.2/24");
    EXPECT_EQ(found.items()[0].summary,
              "veth2 on the node, to which eth0 is connected, is in no bridge, and no route of "
              "the node's leads to 10.0.0.2/24");
}

TEST(PeerUnattached, IsSilentWhereSomethingExplainsIt)
{
    taken_out routed;
    routed.end().leads_back = true;
    taken_out proxied;
    proxied.end().proxies = true;
    taken_out programmed;
    programmed.end().has_programs = true;
    taken_out of_ovs;
    of_ovs.end().master = "ovs-system";
    taken_out macvlan;
    macvlan.end().is_pair = false;
    taken_out unused;
    unused.addresses.items.clear();
    taken_out down;  // link-down says more
    down.eth0().flags = 0;
    taken_out lowered;  // peer-down does
    lowered.end().flags = 0;
    for (const wired_container& model : {lowered, routed, proxied, programmed, of_ovs, macvlan, unused, down}) {
        EXPECT_EQ(evidence_of(look_for_peer_unattached(model)), "0 findings");
    }
}

}  // namespace
}  // namespace nodescope::findings
