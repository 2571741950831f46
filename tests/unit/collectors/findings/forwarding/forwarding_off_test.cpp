#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(ForwardingOff, SpeaksOfTheBridgeThatAContainerUses)
{
    wired_container model;
    EXPECT_EQ(evidence_of(look_for_forwarding_off(model)), "0 findings");
    set(model.node().settings, "ipv4/ip_forward", 0);
    model.node().settings.links[0].forwarding = 0;
    const finding_list found = look_for_forwarding_off(model);
    EXPECT_EQ(placed_evidence_of(found), "7 br0 family=IPv4 setting=net.ipv4.ip_forward bridge=br0");
    EXPECT_EQ(found.items()[0].summary,
              "containers are on br0 on the node, which does not pass their IPv4 packets on: net.ipv4.ip_forward is 0");
    set(model.node().settings, "ipv4/ip_forward", 1);
    EXPECT_EQ(placed_evidence_of(look_for_forwarding_off(model)),
              "7 br0 family=IPv4 setting=net.ipv4.conf.br0.forwarding bridge=br0");
    // The bridge's own setting decides.
    set(model.node().settings, "ipv4/ip_forward", 0);
    model.node().settings.links[0].forwarding = 1;
    EXPECT_EQ(evidence_of(look_for_forwarding_off(model)), "0 findings");
    model.node().settings.links.clear();
    EXPECT_EQ(placed_evidence_of(look_for_forwarding_off(model)),
              "7 br0 family=IPv4 setting=net.ipv4.ip_forward bridge=br0");
}

TEST(ForwardingOff, OfIpv6AllDecide)
{
    wired_container model;
    set(model.node().settings, "ipv6/conf/all/forwarding", 0);
    model.bridge().addresses.push_back(address_called("fd00::1/64"));
    model.bridge().addresses.push_back(address_called("fe80::1/64"));
    EXPECT_EQ(evidence_of(look_for_forwarding_off(model)), "0 findings");  // nothing goes there
    model.route("::/0", "fe80::1");
    EXPECT_EQ(placed_evidence_of(look_for_forwarding_off(model)),
              "7 br0 family=IPv6 setting=net.ipv6.conf.all.forwarding bridge=br0");
    model.node().settings.files.clear();  // nobody knows
    EXPECT_EQ(evidence_of(look_for_forwarding_off(model)), "0 findings");
}

TEST(ForwardingOff, IsSilentWhereNothingIsPassedOn)
{
    wired_container internal;
    internal.default_route().hops[0].gateway = {};
    internal.default_route().hops[0].gateway_family = 0;
    wired_container without;
    without.end().bridge.reset();
    wired_container down;  // bridge-down says more
    down.bridge().flags = 0;
    for (wired_container* const model : {&internal, &without, &down}) {
        model->node().settings.links[0].forwarding = 0;
        EXPECT_EQ(evidence_of(look_for_forwarding_off(*model)), "0 findings");
    }
}

TEST(ForwardingOff, SpeaksOfEachBridgeOfTheNode)
{
    wired_node model;
    model.node().settings.links[0].forwarding = 0;
    EXPECT_EQ(placed_evidence_of(look_for_forwarding_off(model)),
              "7 br0 family=IPv4 setting=net.ipv4.conf.br0.forwarding bridge=br0");
    model.bridge().addresses = {address_called("fe80::1/64")};
    EXPECT_EQ(evidence_of(look_for_forwarding_off(model)), "0 findings");
    model.bridge().addresses = {address_called("10.0.0.1/24")};
    for (bridge_port& port : model.bridge().ports) port.leads_elsewhere = false;  // of virtual machines, cards
    EXPECT_EQ(evidence_of(look_for_forwarding_off(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
