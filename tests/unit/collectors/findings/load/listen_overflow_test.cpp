#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

TEST(ListenOverflow, SpeaksOfAQueueThatIsFullForTheKernel)
{
    made_load model;
    model.listener("10.0.0.2", 80, 1, 1);
    model.listener("10.0.0.2", 81, 0, 0);
    EXPECT_EQ(evidence_of(look_for_listen_overflow(model)), "0 findings");
    model.listener("fd00::2", 82, 2, 1).inode = 77;
    const finding_list found = look_for_listen_overflow(model);
    EXPECT_EQ(evidence_of(found), " listener=[fd00::2]:82 queue=2 queue_limit=1 inode=77");
    EXPECT_EQ(found.items()[0].summary, "2 connections to [fd00::2]:82 wait to be accepted, and no more fit");
    model.tcp.queue_limits_known = false;
    EXPECT_EQ(evidence_of(look_for_listen_overflow(model)), "0 findings");
}

TEST(ListenOverflow, SpeaksWhereACounterGrows)
{
    made_load model;
    model.before().tcp.listen_overflows = 3;
    model.before().tcp.listen_drops = 5;
    model.now().tcp = model.before().tcp;
    EXPECT_EQ(evidence_of(look_for_listen_overflow(model)), "0 findings");
    model.now().tcp.listen_drops = 7;
    EXPECT_EQ(evidence_of(look_for_listen_overflow(model)), " listen_overflows=0 listen_drops=2 seconds=60");
    model.now().tcp.listen_overflows = 4;
    EXPECT_EQ(evidence_of(look_for_listen_overflow(model)), " listen_overflows=1 listen_drops=2 seconds=60");
    model.counters.before.reset();
    EXPECT_EQ(evidence_of(look_for_listen_overflow(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
