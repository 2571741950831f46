#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(BridgeNfOff, SpeaksWhereThereAreRulesForServices)
{
    wired_container model;
    model.node_filters().service_chains = {"KUBE-SERVICES"};
    EXPECT_EQ(evidence_of(look_for_bridge_nf_off(model)), "0 findings");
    set(model.node().settings, "bridge/bridge-nf-call-iptables", 0);
    const finding_list found = look_for_bridge_nf_off(model);
    EXPECT_EQ(placed_evidence_of(found),
              "7  setting=net.bridge.bridge-nf-call-iptables value=0 chain=KUBE-SERVICES bridge=br0");
    EXPECT_EQ(found.items()[0].summary,
              "packets between containers on br0 pass the rules of KUBE-SERVICES by: "
              "net.bridge.bridge-nf-call-iptables is 0");
    model.node().settings.files.pop_back();
    EXPECT_EQ(placed_evidence_of(look_for_bridge_nf_off(model)),
              "7  setting=net.bridge.bridge-nf-call-iptables value=missing chain=KUBE-SERVICES bridge=br0");
    model.node_filters().service_chains.clear();
    EXPECT_EQ(evidence_of(look_for_bridge_nf_off(model)), "0 findings");
}

TEST(BridgeNfOff, IsSilentWithoutContainersOnABridge)
{
    wired_node model;
    model.node_filters().service_chains = {"DOCKER"};
    set(model.node().settings, "bridge/bridge-nf-call-iptables", 0);
    EXPECT_NE(evidence_of(look_for_bridge_nf_off(model)), "0 findings");
    for (bridge_port& port : model.bridge().ports) port.leads_elsewhere = false;
    EXPECT_EQ(evidence_of(look_for_bridge_nf_off(model)), "0 findings");
    model.node().bridges.clear();
    EXPECT_EQ(evidence_of(look_for_bridge_nf_off(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
