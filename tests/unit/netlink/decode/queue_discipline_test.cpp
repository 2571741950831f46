#include "netlink/decode/decode.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <gtest/gtest.h>

namespace nodescope::netlink {
namespace {

using testing::composed;

composed discipline()
{
    tcmsg header{};
    header.tcm_ifindex = 4;
    header.tcm_handle = 0x80010000;
    header.tcm_parent = TC_H_ROOT;
    header.tcm_info = 2;
    return {RTM_NEWQDISC, header};
}

composed full_discipline()
{
    gnet_stats_queue queue{};
    queue.qlen = 3;
    queue.drops = 7;
    std::string basic(12, '\0');
    basic[0] = 9;
    basic[8] = 2;
    return discipline()
        .bytes(TCA_KIND, std::string_view("fq_codel\0", 9))
        .nested(TCA_OPTIONS, composed().u32(TCA_FQ_CODEL_LIMIT, 99))
        .u8(TCA_HW_OFFLOAD, 1)
        .u32(TCA_INGRESS_BLOCK, 5)
        .nested(TCA_STATS2, composed()
                                .bytes(TCA_STATS_BASIC, basic)
                                .number(TCA_STATS_QUEUE, queue)
                                .number<std::uint64_t>(TCA_STATS_PKT64, 0x100000000)
                                .u32(TCA_STATS_APP, 1))
        .u32(TCA_XSTATS, 2);
}

TEST(DecodeQueueDiscipline, TakesCountersAndLeavesOptionsAsTheyAre)
{
    queue_discipline made;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(full_discipline(), made, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(made.kind, "fq_codel");
    EXPECT_EQ(made.interface_index, 4U);
    EXPECT_EQ(made.references, 2U);
    EXPECT_TRUE(made.offloaded);
    EXPECT_EQ(made.ingress_block, 5U);
    ASSERT_TRUE(made.options && made.counters && made.queue && made.kind_statistics);
    EXPECT_EQ(made.options->size(), 8U);
    EXPECT_EQ(made.counters->bytes, 9U);
    EXPECT_EQ(made.counters->packets, 0x100000000U);
    EXPECT_EQ(made.queue->length, 3U);
    EXPECT_EQ(made.queue->drops, 7U);
    EXPECT_EQ(*made.kind_statistics, std::string("\1\0\0\0", 4));
    EXPECT_FALSE(made.rate);
}

TEST(DecodeQueueDiscipline, RefusesWhatHasNoKind)
{
    queue_discipline made;
    std::size_t damaged = 0;
    EXPECT_FALSE(decode(discipline(), made, damaged));
    EXPECT_EQ(damaged, 1U);
}

TEST(DecodeQueueDiscipline, ReadsNothingBeyondADamagedMessage)
{
    std::size_t refused = 0;
    testing::for_each_damage(full_discipline(), [&](byte_span bytes) {
        queue_discipline made;
        std::size_t damaged = 0;
        if (!decode(bytes, made, damaged)) ++refused;
    });
    EXPECT_GE(refused, NLMSG_LENGTH(sizeof(tcmsg)));
}

}  // namespace
}  // namespace nodescope::netlink
