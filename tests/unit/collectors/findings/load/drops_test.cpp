#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

/// eth0, that has carried and dropped so many packets within a minute.
made_load with_drops(std::uint64_t packets, std::uint64_t dropped, bool sent = false)
{
    made_load model;
    counted_link link;
    link.index = 2;
    link.received = link.sent = 1'000'000;
    link.received_dropped = link.sent_dropped = 5'000;
    model.before().links = {link};
    (sent ? link.sent : link.received) += packets;
    (sent ? link.sent_dropped : link.received_dropped) += dropped;
    model.now().links = {link};
    return model;
}

TEST(Drops, SpeaksInBothDirections)
{
    const finding_list found = look_for_drops(with_drops(900, 100));
    EXPECT_EQ(evidence_of(found), "eth0 direction=received dropped=100 packets=900 seconds=60");
    EXPECT_EQ(found.items()[0].summary, "eth0 has dropped 100 of 1000 packets that were received within 60 s");
    EXPECT_EQ(evidence_of(look_for_drops(with_drops(900, 100, true))),
              "eth0 direction=sent dropped=100 packets=900 seconds=60");
    EXPECT_EQ(evidence_of(look_for_drops(with_drops(0, 100))),
              "eth0 direction=received dropped=100 packets=0 seconds=60");
}

TEST(Drops, IsSilentOfFewAndOfASmallPart)
{
    EXPECT_EQ(evidence_of(look_for_drops(with_drops(1000, 0))), "0 findings");
    // One a second at least.
    EXPECT_EQ(look_for_drops(with_drops(0, 59)).items().size(), 0U);
    EXPECT_EQ(look_for_drops(with_drops(0, 60)).items().size(), 1U);
    // Ten at least.
    made_load quick = with_drops(0, 9);
    quick.before().at = quick.now().at - std::chrono::milliseconds(20);
    EXPECT_EQ(look_for_drops(quick).items().size(), 0U);
    ++quick.now().links[0].received_dropped;
    EXPECT_EQ(evidence_of(look_for_drops(quick)), "eth0 direction=received dropped=10 packets=0 seconds=1");
    // A hundredth.
    EXPECT_EQ(look_for_drops(with_drops(99'000, 1000)).items().size(), 0U);
    EXPECT_EQ(look_for_drops(with_drops(98'000, 1000)).items().size(), 1U);
}

TEST(Drops, ComparesTheSameLinkAlone)
{
    made_load model = with_drops(0, 100);
    model.before().links[0].index = 3;
    EXPECT_EQ(evidence_of(look_for_drops(model)), "0 findings");
    // A link that was made again.
    model = with_drops(0, 100);
    model.before().links[0].received_dropped = 1'000'000;
    EXPECT_EQ(evidence_of(look_for_drops(model)), "0 findings");
    model = with_drops(0, 100);
    model.counters.before.reset();
    EXPECT_EQ(evidence_of(look_for_drops(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
