#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(NoCarrier, SpeaksOfALinkWithAnAddressThatIsUp)
{
    made_model model;
    model.eth0().flags = IFF_UP | IFF_BROADCAST;
    EXPECT_EQ(evidence_of(look_for_no_carrier(model)), "eth0 address=10.0.0.2/24 kind=veth");
}

TEST(NoCarrier, IsSilentOfWhatIsDownOrHasNoAddressOrIsABridge)
{
    made_model model;
    EXPECT_EQ(evidence_of(look_for_no_carrier(model)), "0 findings");
    model.eth0().flags = IFF_BROADCAST;
    model.link("spare", IFF_UP, "");
    model.link("docker0", IFF_UP, "bridge");
    model.address(4, "172.17.0.1/16");
    EXPECT_EQ(evidence_of(look_for_no_carrier(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
