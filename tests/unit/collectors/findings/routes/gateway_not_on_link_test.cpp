#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

TEST(GatewayNotOnLink, SpeaksOncePerGateway)
{
    made_model model;
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(model)), "0 findings");
    model.route("192.0.2.0/24", "10.0.1.1", 77);
    model.route("198.51.100.0/24", "10.0.1.1");
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(model)),
              "eth0 gateway=10.0.1.1 route=192.0.2.0/24 table=77 routes=2");
    model.route("0.0.0.0/0", "10.0.1.1", 78);
    const finding_list found = look_for_gateway_not_on_link(model);
    EXPECT_EQ(evidence_of(found), "eth0 gateway=10.0.1.1 route=default table=78 routes=3");
    EXPECT_EQ(
        found.items()[0].summary,
        "10.0.1.1 is the next hop of the default route and 2 more, and no address and no route of eth0 covers it");
}

TEST(GatewayNotOnLink, IsSilentWhereAnythingCoversIt)
{
    made_model model;
    model.route("192.0.2.0/24", "169.254.1.1");
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(model)),
              "eth0 gateway=169.254.1.1 route=192.0.2.0/24 table=main routes=1");
    made_model by_route = model;
    by_route.route("169.254.1.1/32", "");
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(by_route)), "0 findings");
    made_model by_peer = model;
    by_peer.address(2, "10.8.0.2/32").peer = said_prefix("169.254.1.1").address;
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(by_peer)), "0 findings");
    made_model by_other_link = model;
    by_other_link.route("169.254.1.1/32", "").hops[0].interface_index = 1;
    EXPECT_NE(evidence_of(look_for_gateway_not_on_link(by_other_link)), "0 findings");
    made_model by_gateway = model;
    by_gateway.route("169.254.0.0/16", "10.0.0.1");
    EXPECT_NE(evidence_of(look_for_gateway_not_on_link(by_gateway)), "0 findings");
    made_model by_mark = model;
    by_mark.routes.items.back().flags = RTNH_F_ONLINK;
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(by_mark)), "0 findings");
    by_mark.route("198.51.100.0/24", "169.254.1.1");  // without the mark
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(by_mark)),
              "eth0 gateway=169.254.1.1 route=192.0.2.0/24 table=main routes=2");
    made_model by_mark_of_hop = model;
    by_mark_of_hop.routes.items.back().hops[0].flags = RTNH_F_ONLINK;
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(by_mark_of_hop)), "0 findings");
}

TEST(GatewayNotOnLink, LooksAtEachFamilyAndEachHop)
{
    made_model model;
    model.route("2001:db8:7::/48", "fe80::1");
    model.route("192.0.2.0/24", "fe80::1");
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(model)), "0 findings");
    model.route("2001:db8:8::/48", "2001:db8::1")
        .hops.insert(model.routes.items.back().hops.begin(), model.default_route().hops[0]);
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(model)),
              "eth0 gateway=2001:db8::1 route=2001:db8:8::/48 table=main routes=1");
    model.address(2, "2001:db8::2/63");
    EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(model)), "0 findings");
}

TEST(GatewayNotOnLink, IsSilentWhereNobodyIsAsked)
{
    for (const unsigned flags : {running | IFF_POINTOPOINT, running | IFF_NOARP}) {
        made_model model;
        model.route("192.0.2.0/24", "10.0.1.1");
        model.eth0().flags = flags;
        EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(model)), "0 findings");
    }
    made_model tunnel;
    tunnel.route("192.0.2.0/24", "10.0.1.1").hops[0].encapsulation = 1;
    made_model other_link;
    other_link.route("192.0.2.0/24", "10.0.1.1").hops[0].interface_index = 9;
    made_model drop;
    drop.route("192.0.2.0/24", "10.0.1.1").type = RTN_BLACKHOLE;
    for (const network_model& model : {tunnel, other_link, drop}) {
        EXPECT_EQ(evidence_of(look_for_gateway_not_on_link(model)), "0 findings");
    }
}

}  // namespace
}  // namespace nodescope::findings
