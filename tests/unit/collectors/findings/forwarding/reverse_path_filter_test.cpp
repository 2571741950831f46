#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_wiring.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

way_back way(std::int32_t of_link, std::int32_t of_all)
{
    way_back made;
    made.link = "br0";
    made.filter_of_link = of_link;
    made.filter_of_all = of_all;
    made.packets_from = "10.0.0.2";
    made.leaves_by = {"eth1", "eth2"};
    return made;
}

TEST(ReversePathFilter, SpeaksOfAnotherWayBack)
{
    wired_container model;
    model.node().ways.push_back(way(1, 0));
    const finding_list found = look_for_reverse_path_filter(model);
    EXPECT_EQ(placed_evidence_of(found), "7 br0 from=10.0.0.2 leaves_by=eth1, eth2 rp_filter=1 rp_filter_of_all=0");
    EXPECT_EQ(found.items()[0].summary,
              "br0 on the node drops packets from 10.0.0.2: its rp_filter is strict, and the "
              "way back leaves by eth1 or eth2");
    model.node().ways[0] = way(0, 1);
    EXPECT_NE(evidence_of(look_for_reverse_path_filter(model)), "0 findings");
}

TEST(ReversePathFilter, IsSilentOfOtherFiltersAndOfTheSameWay)
{
    wired_container model;
    way_back same = way(1, 1);
    same.is_same = true;
    way_back none = way(1, 1);
    none.leaves_by.clear();
    model.node().ways = {way(0, 0), way(2, 1), way(1, 2), same, none};
    EXPECT_EQ(evidence_of(look_for_reverse_path_filter(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
