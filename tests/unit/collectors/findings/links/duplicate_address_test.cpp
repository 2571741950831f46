#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(DuplicateAddress, SpeaksWhereDetectionHasFailed)
{
    made_model model;
    model.address(2, "2001:db8::1/64").flags = IFA_F_PERMANENT | IFA_F_TENTATIVE;
    EXPECT_EQ(evidence_of(look_for_duplicate_address(model)), "0 findings");
    model.address(2, "2001:db8::2/64").flags = IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_DADFAILED;
    const finding_list found = look_for_duplicate_address(model);
    EXPECT_EQ(evidence_of(found), "eth0 address=2001:db8::2/64 flag=dadfailed");
    EXPECT_EQ(found.items()[0].summary, "2001:db8::2/64 of eth0 is somebody else's on that link too, and is not used");
}

TEST(DuplicateAddress, SpeaksOfTwoNamespacesOnOneBridge)
{
    wired_container model;
    EXPECT_EQ(evidence_of(look_for_duplicate_address(model)), "0 findings");
    model.bridge().ports[1].end->addresses = {address_called("10.0.0.2/16")};
    const finding_list found = look_for_duplicate_address(model);
    EXPECT_EQ(placed_evidence_of(found),
              "0 eth0 address=10.0.0.2 links=eth0 of the container c2 and eth0 of the "
              "container c3 bridge=br0");
    EXPECT_EQ(found.items()[0].summary,
              "eth0 of the container c2 and eth0 of the container c3 have one address, 10.0.0.2, on the bridge br0");
}

TEST(DuplicateAddress, SpeaksOfTheBridgeItself)
{
    wired_node model;
    model.bridge().ports[1].end->addresses.push_back(address_called("10.0.0.1/24"));
    EXPECT_EQ(placed_evidence_of(look_for_duplicate_address(model)),
              "7 br0 address=10.0.0.1 links=the bridge br0 and eth0 of the container c3 bridge=br0");
}

TEST(DuplicateAddress, IsSilentOfOthersAndOfWhatIsNoOtherNamespace)
{
    wired_container others;
    bridge_port other = others.bridge().ports[1];
    other.index = 14;
    other.end->netns = 101;
    others.bridge().ports.push_back(other);
    EXPECT_EQ(evidence_of(look_for_duplicate_address(others)), "0 findings");
    wired_node node;
    other.end->netns = 100;  // two links of one container
    node.bridge().ports.push_back(other);
    EXPECT_EQ(evidence_of(look_for_duplicate_address(node)), "0 findings");
    wired_node local;
    for (bridge_port& port : local.bridge().ports) {
        port.end->addresses.push_back(address_called("fe80::1/64"));
        // That detection tells itself.
        port.end->addresses.push_back(address_called("fd00::1/64"));
    }
    local.bridge().ports[1].end->addresses.back().flags = IFA_F_DADFAILED;
    EXPECT_EQ(evidence_of(look_for_duplicate_address(local)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
