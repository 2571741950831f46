#include "netlink/decode/decode.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace nodescope::netlink {
namespace {

using testing::composed;
using testing::route_header;

std::string hop_with_realms(std::uint32_t realms)
{
    struct {
        rtnexthop header{};
        nlattr attribute{};
        std::uint32_t value = 0;
    } hop;
    hop.header.rtnh_len = sizeof hop;
    hop.attribute = {.nla_len = 8, .nla_type = RTA_FLOW};
    hop.value = realms;
    return {reinterpret_cast<const char*>(&hop), sizeof hop};
}

composed full_route()
{
    rta_cacheinfo cache{};
    cache.rta_expires = 400;
    cache.rta_error = 5;
    rtnexthop plain{};
    plain.rtnh_len = sizeof plain;
    return composed(route_header(AF_INET, RT_TABLE_MAIN, 8))
        .u32(RTA_DST, 10)
        .u32(RTA_PRIORITY, 0)
        .u32(RTA_FLOW, 0x30004)
        .u32(RTA_MARK, 9)
        .u32(RTA_IIF, 2)
        .u8(RTA_TTL_PROPAGATE, 1)
        .number(RTA_CACHEINFO, cache)
        .nested(RTA_METRICS, composed().u32(RTAX_MTU, 1400).bytes(RTAX_CC_ALGO, std::string_view("cubic\0", 6)))
        .bytes(RTA_MULTIPATH,
               std::string(reinterpret_cast<const char*>(&plain), sizeof plain) + hop_with_realms(0x50006));
}

TEST(DecodeRouteDetails, TellsWhatIsThereFromWhatIsZero)
{
    detailed_route route;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(full_route(), route, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_TRUE(route.has_destination && route.has_metrics && route.has_hop_list);
    EXPECT_FALSE(route.has_source);
    EXPECT_EQ(route.metric, 0U);
    EXPECT_EQ(route.realms, 0x30004U);
    EXPECT_EQ(route.mark, 9U);
    EXPECT_EQ(route.input_interface, 2U);
    EXPECT_EQ(route.propagates_ttl, true);
    ASSERT_TRUE(route.cache);
    EXPECT_EQ(route.cache->expires, 400);
    EXPECT_EQ(route.cache->error, 5U);
    EXPECT_EQ(route.congestion_control, "cubic");
    ASSERT_EQ(route.hop_realms.size(), 2U);
    EXPECT_FALSE(route.hop_realms[0]);
    EXPECT_EQ(route.hop_realms[1], 0x50006U);

    ASSERT_TRUE(decode(composed(route_header(AF_INET, RT_TABLE_MAIN)), route = {}, damaged));
    EXPECT_FALSE(route.metric || route.cache || route.realms || route.has_destination || route.has_hop_list);
}

TEST(DecodeRouteDetails, ReadsNothingBeyondADamagedRoute)
{
    std::size_t refused = 0;
    testing::for_each_damage(full_route(), [&](byte_span bytes) {
        detailed_route route;
        std::size_t damaged = 0;
        if (!decode(bytes, route, damaged)) ++refused;
    });
    EXPECT_GE(refused, NLMSG_LENGTH(sizeof(rtmsg)));
}

composed full_nexthop()
{
    nhmsg header{};
    header.nh_family = AF_INET;
    header.nh_scope = RT_SCOPE_LINK;
    header.nh_protocol = RTPROT_STATIC;
    header.nh_flags = RTNH_F_ONLINK;
    nexthop_grp group{};
    group.id = 7;
    group.weight = 2;
    return composed(RTM_NEWNEXTHOP, header)
        .u32(NHA_ID, 20)
        .number(NHA_GROUP, group)
        .number<std::uint16_t>(NHA_GROUP_TYPE, NEXTHOP_GRP_TYPE_RES)
        .nested(NHA_RES_GROUP, composed()
                                   .number<std::uint16_t>(NHA_RES_GROUP_BUCKETS, 8)
                                   .u32(NHA_RES_GROUP_IDLE_TIMER, 6000)
                                   .number<std::uint64_t>(NHA_RES_GROUP_UNBALANCED_TIME, 1))
        .bytes(NHA_FDB, {});
}

TEST(DecodeNexthopDetails, TakesGroupsAndTheirKind)
{
    detailed_nexthop nexthop;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(full_nexthop(), nexthop, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(nexthop.family, AF_INET);
    EXPECT_EQ(nexthop.scope, RT_SCOPE_LINK);
    EXPECT_EQ(nexthop.protocol, RTPROT_STATIC);
    EXPECT_EQ(nexthop.flags, static_cast<unsigned>(RTNH_F_ONLINK));
    EXPECT_TRUE(nexthop.has_group && nexthop.for_forwarding_table);
    EXPECT_FALSE(nexthop.has_gateway);
    ASSERT_EQ(nexthop.group.size(), 1U);
    EXPECT_EQ(nexthop.group[0].weight, 3);
    EXPECT_EQ(nexthop.group_type, NEXTHOP_GRP_TYPE_RES);
    ASSERT_TRUE(nexthop.resilient);
    EXPECT_EQ(nexthop.resilient->buckets, 8);
    EXPECT_EQ(nexthop.resilient->idle_timer, 6000U);
}

TEST(DecodeNexthopDetails, ReadsNothingBeyondADamagedObject)
{
    std::size_t refused = 0;
    testing::for_each_damage(full_nexthop(), [&](byte_span bytes) {
        detailed_nexthop nexthop;
        std::size_t damaged = 0;
        if (!decode(bytes, nexthop, damaged)) ++refused;
    });
    EXPECT_GE(refused, NLMSG_LENGTH(sizeof(nhmsg)));
}

}  // namespace
}  // namespace nodescope::netlink
