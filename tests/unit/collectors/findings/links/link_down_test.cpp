#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(LinkDown, SpeaksOfALinkWithAnAddress)
{
    made_model model;
    model.eth0().flags = IFF_BROADCAST;
    const finding_list found = look_for_link_down(model);
    EXPECT_EQ(evidence_of(found), "eth0 address=10.0.0.2/24 kind=veth");
    EXPECT_EQ(found.items()[0].summary, "eth0 has the address 10.0.0.2/24 and is down");
}

TEST(LinkDown, IsSilentOfWhatIsUpOrHasNoAddressOrIsADummy)
{
    made_model model;
    EXPECT_EQ(evidence_of(look_for_link_down(model)), "0 findings");
    model.link("spare", IFF_BROADCAST, "");
    model.link("cali1", IFF_BROADCAST, "veth");
    model.address(4, "fe80::1/64");
    model.address(4, "169.254.7.7/16");
    model.link("kube-ipvs0", IFF_BROADCAST, "dummy");
    model.address(5, "10.96.0.1/32");
    EXPECT_EQ(evidence_of(look_for_link_down(model)), "0 findings");
}

TEST(LinkDown, TellsOfALinkWithoutAName)
{
    made_model model;
    model.eth0().flags = 0;
    model.eth0().name.reset();
    EXPECT_EQ(evidence_of(look_for_link_down(model)), "if2 address=10.0.0.2/24 kind=veth");
}

TEST(LinkDown, StopsAtALimit)
{
    made_model model;
    for (int i = 0; i < 150; ++i) model.address(model.link("x", 0, "").index, "10.9.0.1/24");
    const finding_list found = look_for_link_down(model);
    EXPECT_EQ(found.items().size(), finding_list::most);
    EXPECT_EQ(found.left_out(), 50U);
}

}  // namespace
}  // namespace nodescope::findings
