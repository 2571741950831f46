#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

std::string of(std::uint64_t sent, std::uint64_t again)
{
    made_load model;
    model.before().tcp.sent = 5000;
    model.before().tcp.retransmitted = 4000;
    model.now().tcp.sent = 5000 + sent;
    model.now().tcp.retransmitted = 4000 + again;
    return evidence_of(look_for_retransmits(model));
}

TEST(Retransmits, SpeaksOfMoreThanATwentieth)
{
    EXPECT_EQ(of(900, 100), " retransmitted=100 sent=1000 seconds=60");
    EXPECT_EQ(of(0, 10), " retransmitted=10 sent=10 seconds=60");
    EXPECT_EQ(of(950, 50), "0 findings");
    EXPECT_EQ(of(949, 51), " retransmitted=51 sent=1000 seconds=60");
    EXPECT_EQ(of(0, 9), "0 findings");
    EXPECT_EQ(of(1000, 0), "0 findings");
}

TEST(Retransmits, NeedsTwoReadings)
{
    made_load model;
    model.now().tcp.retransmitted = 100;
    model.counters.before.reset();
    EXPECT_EQ(evidence_of(look_for_retransmits(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
