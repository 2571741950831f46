#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

netlink::conntrack_statistics table_of(std::uint64_t count, std::uint64_t max)
{
    netlink::conntrack_statistics made;
    made.count = count;
    made.max = max;
    return made;
}

TEST(ConntrackFull, SpeaksBeyondNineTenths)
{
    made_load model;
    for (const auto& [count, findings] : {std::pair(900U, 0U), {901U, 1U}, {1000U, 1U}}) {
        model.conntrack.statistics = table_of(count, 1000);
        EXPECT_EQ(look_for_conntrack_full(model).items().size(), findings) << count;
    }
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), " count=1000 max=1000");
    // No limit, nothing known, no conntrack.
    model.conntrack.statistics = table_of(1000, 0);
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), "0 findings");
    model.conntrack.statistics->max.reset();
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), "0 findings");
    model.conntrack.statistics->count.reset();
    model.conntrack.statistics->max = 1000;
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), "0 findings");
    model.conntrack.statistics.reset();
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), "0 findings");
}

TEST(ConntrackFull, SpeaksWhereACounterGrows)
{
    made_load model;
    model.now().conntrack_insert_failed = 7;
    model.now().conntrack_dropped = 8;
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), "0 findings");
    model.before().conntrack_insert_failed = 7;
    model.before().conntrack_dropped = 5;
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), " insert_failed=0 drop=3 seconds=60");
    model.before().conntrack_insert_failed = 6;
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), " insert_failed=1 drop=3 seconds=60");
    // Counters that are smaller than before have not grown.
    model.before().conntrack_insert_failed = 70;
    model.before().conntrack_dropped = 80;
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), "0 findings");
    model.counters.before.reset();
    EXPECT_EQ(evidence_of(look_for_conntrack_full(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
