#include "netlink/decode/decode.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <linux/if_arp.h>
#include <linux/if_link.h>

#include <gtest/gtest.h>

namespace nodescope::netlink {
namespace {

using testing::composed;
using testing::link_header;

composed counted_link()
{
    rtnl_link_stats64 wide{};
    wide.rx_packets = 1;
    wide.tx_bytes = 0x100000000;
    wide.collisions = 7;
    rtnl_link_stats narrow{};
    narrow.rx_packets = 9;
    const composed data = composed().u32(IFLA_VXLAN_ID, 5).u8(IFLA_VXLAN_TTL, 9).u32(IFLA_VXLAN_ID, 6);
    return composed(link_header(3, ARPHRD_ETHER, 1))
        .bytes(IFLA_IFNAME, std::string_view("vx0\0", 4))
        .number(IFLA_STATS, narrow)
        .number(IFLA_STATS64, wide)
        .nested(IFLA_LINKINFO, composed()
                                   .bytes(IFLA_INFO_KIND, std::string_view("vxlan\0", 6))
                                   .nested(IFLA_INFO_DATA, data)
                                   .bytes(IFLA_INFO_SLAVE_KIND, std::string_view("bridge\0", 7)))
        .u32(IFLA_PROMISCUITY, 2)
        .u32(IFLA_MAX_MTU, 9000)
        .nested(IFLA_XDP, composed().u8(IFLA_XDP_ATTACHED, 2).u32(IFLA_XDP_SKB_PROG_ID, 8))
        .bytes(IFLA_PHYS_PORT_ID, std::string_view("\0\1", 2))
        .bytes(IFLA_IFALIAS, "two words");
}

TEST(DecodeLinkDetails, TakesKindsCountersAndTheRest)
{
    detailed_link link;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(counted_link(), link, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(link.name, "vx0");
    ASSERT_TRUE(link.kind && link.port_kind && link.counters);
    EXPECT_EQ(link.kind->name, "vxlan");
    ASSERT_EQ(link.kind->attributes.size(), 2U);
    EXPECT_EQ(*link.kind->find(IFLA_VXLAN_ID), std::string("\5\0\0\0", 4));
    EXPECT_EQ(link.kind->find(IFLA_VXLAN_TOS), nullptr);
    EXPECT_EQ(link.port_kind->name, "bridge");
    EXPECT_FALSE(link.port_kind->has_attributes);
    EXPECT_TRUE(link.counters->wide);
    EXPECT_EQ(link.counters->received.packets, 1U);
    EXPECT_EQ(link.counters->sent.bytes, 0x100000000U);
    EXPECT_EQ(link.counters->collisions, 7U);
    EXPECT_EQ(link.promiscuity, 2U);
    EXPECT_EQ(link.max_mtu, 9000U);
    EXPECT_EQ(link.programs.generic, 8U);
    EXPECT_EQ(link.port_id, std::string("\0\1", 2));
    EXPECT_EQ(link.alias, "two words");
}

TEST(DecodeLinkDetails, TakesTheNarrowCountersOfAKernelWithoutOthers)
{
    rtnl_link_stats narrow{};
    narrow.tx_errors = 4;
    detailed_link link;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(composed(link_header(3, ARPHRD_ETHER, 1)).number(IFLA_STATS, narrow), link, damaged));
    ASSERT_TRUE(link.counters);
    EXPECT_FALSE(link.counters->wide);
    EXPECT_EQ(link.counters->sent.errors, 4U);

    ASSERT_TRUE(decode(composed(link_header(3, ARPHRD_ETHER, 1)).u32(IFLA_STATS, 1), link = {}, damaged));
    EXPECT_FALSE(link.counters);
    EXPECT_EQ(damaged, 1U);
}

TEST(DecodeLinkDetails, ReadsNothingBeyondADamagedMessage)
{
    std::size_t refused = 0;
    testing::for_each_damage(counted_link(), [&](byte_span bytes) {
        detailed_link link;
        std::size_t damaged = 0;
        if (!decode(bytes, link, damaged)) ++refused;
    });
    EXPECT_GE(refused, NLMSG_LENGTH(sizeof(ifinfomsg)));
}

}  // namespace
}  // namespace nodescope::netlink
