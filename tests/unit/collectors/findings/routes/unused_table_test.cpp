#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(UnusedTable, SpeaksForEachFamily)
{
    made_model model;
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), "0 findings");
    model.route("192.0.2.0/24", "10.0.0.1", 77);
    model.route("0.0.0.0/0", "10.0.0.1", 77);
    const finding_list found = look_for_unused_table(model);
    EXPECT_EQ(evidence_of(found), " family=IPv4 table=77 routes=2 route=default");
    EXPECT_EQ(found.items()[0].summary, "the table 77 has 2 IPv4 routes, and no rule leads to it");
    model.rule(AF_INET6, 100, 77);
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), " family=IPv4 table=77 routes=2 route=default");
    model.rule(AF_INET, 100, 77).mark = 7;
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), "0 findings");
    model.route("2001:db8:7::/48", "fe80::1", 78);
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), " family=IPv6 table=78 routes=1 route=2001:db8:7::/48");
}

TEST(UnusedTable, KnowsTheTablesOfVrfDevices)
{
    made_model model;
    model.route("192.0.2.0/24", "10.0.0.1", 10);
    netlink::detailed_link& vrf = model.link("red", running, "vrf");
    vrf.kind->attributes.push_back({.type = 1, .bytes = std::string("\x0a\0\0\0", 4)});
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), "0 findings");
    vrf.kind->attributes[0].bytes.resize(3);
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), " family=IPv4 table=10 routes=1 route=192.0.2.0/24");
}

TEST(UnusedTable, LeavesOutOtherFamiliesAndNoTable)
{
    made_model model;
    model.route("192.0.2.0/24", "10.0.0.1", 77).family = RTNL_FAMILY_IPMR;
    model.route("192.0.2.0/24", "10.0.0.1", 0);
    model.rule(AF_INET, 100, 79).action = FR_ACT_BLACKHOLE;
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), "0 findings");
}

TEST(UnusedTable, LeavesOutWhatEachLinkHasByItself)
{
    made_model model;
    model.route("fe80::/64", "", 77);
    model.route("ff00::/8", "", 77);
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), "0 findings");
    model.route("fec0::/10", "fe80::1", 77);
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), " family=IPv6 table=77 routes=1 route=fec0::/10");
    model.route("fe00::/7", "fe80::1", 77);
    model.route("fe80::/9", "fe80::1", 77);
    EXPECT_EQ(evidence_of(look_for_unused_table(model)), " family=IPv6 table=77 routes=3 route=fec0::/10");
}

}  // namespace
}  // namespace nodescope::findings
