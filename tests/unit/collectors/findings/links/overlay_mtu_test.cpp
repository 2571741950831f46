#include "collectors/findings/rules.hpp"
#include "tests/unit/collectors/findings/made_model.hpp"

#include <gtest/gtest.h>

namespace nodescope::findings {
namespace {

/// A tunnel over eth0, whose MTU is 1500.
struct with_tunnel : made_model {
    explicit with_tunnel(std::string kind, std::uint32_t mtu)
    {
        eth0().mtu = 1500;
        netlink::detailed_link& made = link("tun0", running, std::move(kind));
        made.mtu = mtu;
    }
    netlink::detailed_link& tunnel() { return links.items[2]; }
};

TEST(OverlayMtu, SpeaksOnlyInTheLosingDirection)
{
    with_tunnel model("vxlan", 1451);
    model.tunnel().lower = 2;
    const finding_list found = look_for_mtu_mismatch(model);
    EXPECT_EQ(evidence_of(found), "tun0 mtu=1451 other=eth0 other_mtu=1500 other_is=the link below header=50");
    EXPECT_EQ(found.items()[0].summary,
              "tun0 has the MTU 1451, and eth0 below it has 1500, of which vxlan takes 50: "
              "packets of more than 1450 bytes are cut in pieces or lost");
    for (const std::uint32_t mtu : {1450U, 1400U, 68U}) {
        model.tunnel().mtu = mtu;
        EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "0 findings") << mtu;
    }
}

TEST(OverlayMtu, FindsTheLinkBelow)
{
    // By the default route.
    EXPECT_NE(evidence_of(look_for_mtu_mismatch(with_tunnel("wireguard", 1441))), "0 findings");
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(with_tunnel("wireguard", 1440))), "0 findings");
    // By its local address.
    with_tunnel local("ipip", 1481);
    local.default_route().destination_length = 8;
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(local)), "0 findings");
    local.tunnel().kind->attributes.push_back({2, std::string("\x0a\x00\x00\x02", 4)});  // IFLA_IPTUN_LOCAL
    EXPECT_NE(evidence_of(look_for_mtu_mismatch(local)), "0 findings");
    // By the route to its other end.
    with_tunnel remote("ipip", 1481);
    remote.tunnel().kind->attributes.push_back({3, std::string("\x0a\x09\x00\x02", 4)});  // IFLA_IPTUN_REMOTE
    remote.link("eth1", running, "veth").mtu = 1501;
    remote.route("10.9.0.0/16", "").hops[0].interface_index = 4;
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(remote)), "0 findings");
    remote.links.items[3].mtu = 1500;
    EXPECT_EQ(evidence_of(look_for_mtu_mismatch(remote)),
              "tun0 mtu=1481 other=eth1 other_mtu=1500 other_is=the link below header=20");
}

TEST(OverlayMtu, IsSilentWhereTheLinkBelowIsNotKnown)
{
    with_tunnel down("vxlan", 1500);
    down.tunnel().flags = 0;
    with_tunnel elsewhere("vxlan", 1500);
    elsewhere.tunnel().lower = 2;
    elsewhere.tunnel().lower_namespace = 0;
    with_tunnel unrouted("vxlan", 1500);
    unrouted.routes.items.clear();
    with_tunnel partly("vxlan", 1500);
    partly.routes.missing = "routes: cut";
    with_tunnel itself("vxlan", 1500);  // its own way out leads through it
    itself.default_route().hops[0].interface_index = 3;
    with_tunnel local("vxlan", 1500);
    local.tunnel().lower = 1;
    local.links.items[0].mtu = 1500;
    for (const network_model& model : {down, elsewhere, unrouted, partly, itself, local}) {
        EXPECT_EQ(evidence_of(look_for_mtu_mismatch(model)), "0 findings");
    }
}

}  // namespace
}  // namespace nodescope::findings
