#include "tests/unit/collectors/findings/load/made_load.hpp"

namespace nodescope::findings {
namespace {

made_load with_table(std::uint8_t family, std::uint32_t entries, std::uint64_t refused)
{
    made_load model;
    netlink::neighbour_table table;
    table.family = family;
    table.entries = entries;
    table.gc_thresh3 = 1024;
    table.table_fulls = 7;
    model.before().neighbour_tables = {table};
    table.table_fulls = 7 + refused;
    model.now().neighbour_tables = {table};
    return model;
}

TEST(NeighbourOverflow, SpeaksWhereEntriesWereRefused)
{
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(with_table(AF_INET, 1000, 0))), "0 findings");
    made_load model = with_table(AF_INET6, 1000, 3);
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)),
              " family=IPv6 entries=1000 gc_thresh3=1024 refused=3 seconds=60");
    model.before().neighbour_tables[0].family = AF_INET;
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)), "0 findings");
    model.counters.before.reset();
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)), "0 findings");
}

TEST(NeighbourOverflow, KnowsOnTheNodeHowManyEntriesCount)
{
    made_load model = with_table(AF_INET, 2000, 0);
    // In a container nobody knows how many of them are permanent ones of the node.
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)), "0 findings");
    model.counters.exempt = {{AF_INET6, 0}, {AF_INET, 977}};
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)), "0 findings");
    model.counters.exempt[1].count = 976;
    model.counters.before.reset();
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)), " family=IPv4 entries=2000 gc_thresh3=1024 refused=0");
    // Permanent ones of other namespaces: nobody was ever refused one.
    model.now().neighbour_tables[0].table_fulls = 0;
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)), "0 findings");
    model.now().neighbour_tables[0].table_fulls = 7;
    // More than there are, as the two are counted one after the other.
    model.counters.exempt[1].count = 9999;
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)), "0 findings");
    model.now().neighbour_tables[0].gc_thresh3.reset();
    model.counters.exempt[1].count = 0;
    EXPECT_EQ(evidence_of(look_for_neighbour_overflow(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
