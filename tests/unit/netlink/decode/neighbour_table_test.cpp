#include "netlink/decode/decode.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <cstddef>

namespace nodescope::netlink {
namespace {

using testing::composed;

composed table_message(const ndt_stats& stats, std::size_t stats_bytes = sizeof(ndt_stats))
{
    ndtmsg header{};
    header.ndtm_family = AF_INET;
    ndt_config config{};
    config.ndtc_entries = 700;
    return composed(RTM_NEWNEIGHTBL, header)
        .bytes(NDTA_NAME, std::string_view("arp_cache\0", 10))
        .u32(NDTA_THRESH1, 128)
        .u32(NDTA_THRESH2, 512)
        .u32(NDTA_THRESH3, 1024)
        .number(NDTA_CONFIG, config)
        .bytes(NDTA_STATS, {reinterpret_cast<const char*>(&stats), stats_bytes});
}

TEST(DecodeNeighbourTable, ReadsEachField)
{
    ndt_stats stats{};
    stats.ndts_table_fulls = 0x123456789;
    neighbour_table table;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(table_message(stats), table, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(table.family, AF_INET);
    EXPECT_EQ(table.name, "arp_cache");
    EXPECT_EQ(table.entries, 700U);
    EXPECT_EQ(table.gc_thresh3, 1024U);
    EXPECT_EQ(table.table_fulls, 0x123456789U);
}

TEST(DecodeNeighbourTable, KnowsKernelsThatDoNotCountFullTables)
{
    neighbour_table table;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(table_message({}, offsetof(ndt_stats, ndts_table_fulls)), table, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_FALSE(table.table_fulls);
    ASSERT_TRUE(decode(table_message({}, 8), table, damaged));
    EXPECT_EQ(damaged, 1U);
}

TEST(DecodeNeighbourTable, TheSettingsOfALinkHaveNoLimit)
{
    neighbour_table table;
    std::size_t damaged = 0;
    const composed of_link =
        composed(RTM_NEWNEIGHTBL, ndtmsg{}).bytes(NDTA_NAME, "arp_cache").nested(NDTA_PARMS, composed().u32(1, 7));
    ASSERT_TRUE(decode(of_link, table, damaged));
    EXPECT_FALSE(table.gc_thresh3);
    EXPECT_FALSE(table.table_fulls);
    EXPECT_FALSE(decode(composed(RTM_NEWNEIGH, ndtmsg{}), table, damaged));
    EXPECT_EQ(damaged, 0U);
}

TEST(DecodeNeighbourTable, SurvivesEveryCutAndEveryFalseByte)
{
    testing::for_each_damage(table_message({}), [](byte_span bytes) {
        neighbour_table table;
        std::size_t damaged = 0;
        decode(bytes, table, damaged);
        EXPECT_LE(table.name.size(), bytes.size());
    });
}

}  // namespace
}  // namespace nodescope::netlink
