#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(DuplicateMac, SpeaksOfTheOtherEnds)
{
    wired_container model;
    EXPECT_EQ(evidence_of(look_for_duplicate_mac(model)), "0 findings");  // the bridge has the address of veth2
    model.bridge().ports[1].end->hardware = hardware(2);
    const finding_list found = look_for_duplicate_mac(model);
    EXPECT_EQ(placed_evidence_of(found),
              "0 eth0 address=02:02:02:02:02:02 links=eth0 of the container c2 and eth0 of "
              "the container c3 bridge=br0");
    EXPECT_EQ(found.items()[0].summary,
              "eth0 of the container c2 and eth0 of the container c3 have one hardware address, "
              "02:02:02:02:02:02, on the bridge br0");
}

TEST(DuplicateMac, SpeaksOfPortsAndTheBridge)
{
    wired_container ports;
    ports.bridge().ports[1].hardware = hardware(12);
    EXPECT_EQ(placed_evidence_of(look_for_duplicate_mac(ports)),
              "7 veth2 address=02:02:02:02:02:0c links=the port veth2 and the port veth3 bridge=br0");
    wired_container crossed;
    crossed.bridge().ports[0].end->hardware = hardware(13);
    EXPECT_EQ(placed_evidence_of(look_for_duplicate_mac(crossed)),
              "0 eth0 address=02:02:02:02:02:0d links=eth0 of the container c2 and the port veth3 bridge=br0");
    wired_node bridge;
    bridge.bridge().hardware = hardware(3);
    EXPECT_EQ(placed_evidence_of(look_for_duplicate_mac(bridge)),
              "7 br0 address=02:02:02:02:02:03 links=the bridge br0 "
              "and eth0 of the container c3 bridge=br0");
}

TEST(DuplicateMac, OfAContainerOnlyItsOwnCounts)
{
    wired_container model;
    bridge_port other = model.bridge().ports[1];
    other.index = 14;
    other.name = "veth4";
    model.bridge().ports.push_back(other);
    EXPECT_EQ(evidence_of(look_for_duplicate_mac(model)), "0 findings");
    wired_node node;
    node.bridge().ports.push_back(other);
    EXPECT_EQ(look_for_duplicate_mac(node).items().size(), 2U);  // the ports and their ends
}

TEST(DuplicateMac, NamesAFew)
{
    wired_node model;
    for (int number = 4; number < 9; ++number) {
        bridge_port& port = model.bridge().ports.emplace_back();
        port.name = "veth" + std::to_string(number);
        port.hardware = hardware(12);
    }
    EXPECT_EQ(
        evidence_of(look_for_duplicate_mac(model)),
        "veth2 address=02:02:02:02:02:0c links=the port veth2, the port veth4, the port veth5, the port veth6 and 2 "
        "more bridge=br0");
}

TEST(DuplicateMac, IsSilentOfNone)
{
    wired_node model;
    for (bridge_port& port : model.bridge().ports) {
        port.hardware.reset();
        port.end->hardware.emplace().size = 6;
    }
    EXPECT_EQ(evidence_of(look_for_duplicate_mac(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
