#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(MtuMismatch, SpeaksOfThePairInBothDirections)
{
    made_model model;
    model.eth0().mtu = 9000;
    model.end(2, "veth7", running, 1500);
    finding_list found = look_for_mtu_mismatch(model);
    EXPECT_EQ(evidence_of(found), "eth0 mtu=9000 other=veth7 other_mtu=1500 other_is=the other end");
    EXPECT_EQ(
        found.items()[0].summary,
        "eth0 has the MTU 9000, and veth7 on the node has 1500: packets of more than 1500 bytes from eth0 are lost");
    model.eth0().mtu = 1400;
    found = look_for_mtu_mismatch(model);
    EXPECT_EQ(
        found.items()[0].summary,
        "eth0 has the MTU 1400, and veth7 on the node has 1500: packets of more than 1400 bytes from veth7 are lost");
    model.eth0().mtu = 1500;
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "0 findings");
}

TEST(MtuMismatch, IsSilentWhereNothingIsSentOrKnown)
{
    made_model down;
    down.eth0().flags = 0;
    down.eth0().mtu = 9000;
    down.end(2, "veth7", running, 1500);
    made_model unknown;
    unknown.eth0().mtu = 9000;
    unknown.end(2, "veth7", running, 1500).mtu.reset();
    made_model also_unknown;
    also_unknown.end(2, "veth7", running, 1500);
    made_model no_pair;  // a macvlan may be smaller than its card
    no_pair.eth0().mtu = 1400;
    no_pair.eth0().kind->name = "macvlan";
    no_pair.end(2, "eth7", running, 1500);
    for (const network_model& model : {down, unknown, also_unknown, no_pair}) {
        EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "0 findings");
    }
}

TEST(MtuMismatch, TellsAPairInOneNamespaceOnce)
{
    made_model model;
    netlink::detailed_link& first = model.link("v0", running, "veth");
    first.mtu = 1500;
    first.lower = 4;
    netlink::detailed_link& second = model.link("v1", running, "veth");
    second.mtu = 9000;
    second.lower = 3;
    model.end(3, "v1", running, 9000).here = true;
    model.end(4, "v0", running, 1500).here = true;
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "v0 mtu=1500 other=v1 other_mtu=9000 other_is=the other end");
}

TEST(MtuMismatch, SpeaksOfAPortThatIsSmallerThanItsBridge)
{
    made_model model;
    model.link("br0", running, "bridge").mtu = 1500;
    model.eth0().master = 3;
    model.eth0().mtu = 1400;
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "eth0 mtu=1400 other=br0 other_mtu=1500 other_is=the bridge");
    model.eth0().mtu = 9000;  // as a bridge between cards and tunnels is
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "0 findings");
    model.eth0().mtu = 1400;
    model.links.items[2].kind->name = "bond";
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "0 findings");
    model.links.items[2].kind->name = "bridge";
    model.links.items[2].flags = 0;
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "0 findings");
    model.links.items[2].flags = running;
    model.eth0().master = 9;
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
