#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(GatewayUnanswered, SpeaksOfWhatHasFailed)
{
    made_model model;
    model.neighbour("10.0.0.1", NUD_FAILED);
    const finding_list found = look_for_gateway_unanswered(model);
    EXPECT_EQ(evidence_of(found), "eth0 gateway=10.0.0.1 state=FAILED route=default routes=1");
    EXPECT_EQ(found.items()[0].summary, "10.0.0.1 is the next hop of the default route, and does not answer on eth0");
}

TEST(GatewayUnanswered, GivesTheFirstQuestionASecond)
{
    made_model model;
    netlink::neighbour& entry = model.neighbour("10.0.0.1", NUD_INCOMPLETE);
    EXPECT_EQ(evidence_of(look_for_gateway_unanswered(model)), "0 findings");
    entry.ages.emplace().updated = 99;
    EXPECT_EQ(evidence_of(look_for_gateway_unanswered(model)), "0 findings");
    entry.ages->updated = 100;
    EXPECT_EQ(evidence_of(look_for_gateway_unanswered(model)),
              "eth0 gateway=10.0.0.1 state=INCOMPLETE route=default routes=1");
}

TEST(GatewayUnanswered, IsSilentOfOthers)
{
    made_model model;
    for (const int state : {NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE, NUD_PERMANENT, NUD_NOARP}) {
        model.neighbour("10.0.0.1", static_cast<std::uint16_t>(state));
    }
    model.neighbour("10.0.0.7", NUD_FAILED);
    model.neighbour("10.0.0.1", NUD_FAILED).interface_index = 1;
    model.neighbour("10.0.0.1", NUD_FAILED).flags = NTF_PROXY;
    model.neighbour("10.0.0.1", NUD_FAILED).address.reset();
    model.neighbour("a00:1::", NUD_FAILED);  // the same bytes
    EXPECT_EQ(evidence_of(look_for_gateway_unanswered(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
