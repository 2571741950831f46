#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(NoDefaultRoute, SpeaksForEachFamily)
{
    made_model model;
    model.default_route().destination_length = 8;
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "eth0 family=IPv4 address=10.0.0.2/24");
    model.default_route().destination_length = 0;
    model.address(2, "2001:db8::2/64");
    model.address(2, "2001:db8::3/64");
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "eth0 family=IPv6 address=2001:db8::2/64");
}

TEST(NoDefaultRoute, IsSilentOfTheNode)
{
    made_model model;
    model.routes.items.clear();
    model.is_node = true;
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "0 findings");
}

TEST(NoDefaultRoute, IsSilentWhereNoAddressNeedsOne)
{
    made_model model;
    model.routes.items.clear();
    model.addresses.items.clear();
    model.address(1, "203.0.113.9/32");
    model.address(2, "169.254.3.4/16");
    model.address(2, "fe80::1/64");
    model.address(2, "10.0.0.3/24").scope = RT_SCOPE_LINK;
    model.address(2, "2001:db8::2/64").flags = 0;  // as a router has announced it
    model.address(2, "2001:db8::3/64").flags = IFA_F_PERMANENT | IFA_F_DADFAILED;
    model.address(9, "10.0.0.4/24");  // its link is gone
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "0 findings");
}

TEST(NoDefaultRoute, LeavesLinksThatAreDownToOthers)
{
    for (const unsigned flags : {0U, unsigned{IFF_UP}}) {
        made_model model;
        model.routes.items.clear();
        model.eth0().flags = flags;
        EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "0 findings");
    }
}

TEST(NoDefaultRoute, CountsOnlyWhatPacketsCanFind)
{
    made_model model;
    model.default_route().table = 77;
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "eth0 family=IPv4 address=10.0.0.2/24");
    model.rule(AF_INET6, 100, 77);
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "eth0 family=IPv4 address=10.0.0.2/24");
    model.rule(AF_INET, 100, 77).mark = 7;
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "0 findings");

    model.default_route().type = RTN_LOCAL;  // a transparent proxy
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "eth0 family=IPv4 address=10.0.0.2/24");
    model.default_route().type = RTN_BLACKHOLE;  // somebody else's finding
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "0 findings");
}

TEST(NoDefaultRoute, TakesHalvesOfEverything)
{
    made_model model;
    model.default_route().destination_length = 1;
    model.route("128.0.0.0/1", "10.0.0.1");
    EXPECT_EQ(evidence_of(look_for_no_default_route(model)), "0 findings");
}

}  // namespace
}  // namespace nodescope::findings
