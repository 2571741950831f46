#include "collectors/wiring/tunnel_ends.hpp"

#include "tests/unit/collectors/wiring/made_links.hpp"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>

#include <string>

namespace nodescope {
namespace {

using namespace std::string_literals;
using testing::add_bytes;
using testing::add_number;
using testing::made_link;

netlink::detailed_link gre(std::string local, std::string remote, std::uint32_t sent, std::uint32_t received)
{
    auto one = made_link(7, "g", "gre");
    add_bytes(one, IFLA_GRE_LOCAL, std::move(local));
    add_bytes(one, IFLA_GRE_REMOTE, std::move(remote));
    add_number(one, IFLA_GRE_OKEY, sent);
    add_number(one, IFLA_GRE_IKEY, received);
    return one;
}

TEST(TunnelEnds, FitTogetherWhereEachNamesTheOther)
{
    const auto here = tunnel_end_of(gre("\x0a\0\0\x01"s, "\x0a\0\0\x02"s, 1, 2));
    const auto there = tunnel_end_of(gre("\x0a\0\0\x02"s, "\x0a\0\0\x01"s, 2, 1));
    const auto other_key = tunnel_end_of(gre("\x0a\0\0\x02"s, "\x0a\0\0\x01"s, 2, 3));
    ASSERT_TRUE(here && there && other_key);
    EXPECT_EQ(here->other(), *there);
    EXPECT_EQ(here->other().text(), there->text());
    EXPECT_NE(here->other().text(), other_key->text());
    EXPECT_NE(here->text(), there->text());
}

TEST(TunnelEnds, OfVxlanHaveTheNumberOfTheNetwork)
{
    auto one = made_link(7, "vx", "vxlan");
    add_bytes(one, IFLA_VXLAN_LOCAL6, std::string(15, '\x20') + '\x01');
    EXPECT_FALSE(tunnel_end_of(one));
    add_bytes(one, IFLA_VXLAN_GROUP6, std::string(15, '\x20') + '\x02');
    add_number(one, IFLA_VXLAN_ID, 42);
    add_number(one, IFLA_VXLAN_LINK, 3);
    const auto end = tunnel_end_of(one);
    ASSERT_TRUE(end);
    EXPECT_EQ(end->sent_as, 42U);
    EXPECT_EQ(end->other().received_as, 42U);
    EXPECT_EQ(vxlan_lower_of(one), 3U);
}

TEST(TunnelEnds, AreNoneWithoutTwoSingleAddresses)
{
    EXPECT_FALSE(tunnel_end_of(made_link(1, "eth0")));
    EXPECT_FALSE(tunnel_end_of(made_link(1, "d", "dummy")));
    EXPECT_FALSE(tunnel_end_of(made_link(1, "g", "gre")));
    EXPECT_FALSE(tunnel_end_of(gre("\x0a\0\0\x01"s, "\0\0\0\0"s, 1, 2)));
    EXPECT_FALSE(tunnel_end_of(gre("\x0a\0\0\x01"s, "\xe0\0\0\x01"s, 1, 2)));
    EXPECT_EQ(vxlan_lower_of(made_link(1, "eth0")), 0U);
    for (const std::string& damaged : {""s, "\x0a"s, "\x0a\0\0"s, "\x0a\0\0\x02\x03"s, std::string(200, '\x0a')}) {
        EXPECT_FALSE(tunnel_end_of(gre("\x0a\0\0\x01"s, damaged, 1, 2))) << damaged.size();
        EXPECT_FALSE(tunnel_end_of(gre(damaged, "\x0a\0\0\x01"s, 1, 2))) << damaged.size();
    }
    auto one = made_link(7, "vx", "vxlan");
    add_bytes(one, IFLA_VXLAN_LINK, "\x03"s);
    EXPECT_EQ(vxlan_lower_of(one), 0U);
}

}  // namespace
}  // namespace nodescope
