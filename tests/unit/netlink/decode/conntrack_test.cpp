#include "netlink/decode/conntrack.hpp"

#include "tests/unit/netlink/composed_message.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <optional>
#include <string>

namespace nodescope::netlink {
namespace {

using testing::composed;
using optional_count = std::optional<std::uint64_t>;

composed processor(std::uint32_t dropped, std::uint32_t failed)
{
    const nfgenmsg header{.nfgen_family = 0, .version = 0, .res_id = htons(1)};
    composed message((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET_STATS_CPU, header);
    message.u32(CTA_STATS_DROP, htonl(dropped)).u32(CTA_STATS_INSERT_FAILED, htonl(failed)).u32(99, 1).u32(0, 1);
    return message;
}

TEST(DecodeConntrack, ReadsCountersInNetworkOrder)
{
    std::size_t damaged = 0;
    conntrack_counters found;
    ASSERT_TRUE(decode(processor(7, 8), found, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(found[CTA_STATS_DROP], optional_count(7));
    EXPECT_EQ(found[CTA_STATS_INSERT_FAILED], optional_count(8));
    EXPECT_EQ(found[CTA_STATS_EARLY_DROP], optional_count());
    EXPECT_EQ(found[0], optional_count());
}

TEST(DecodeConntrack, ProcessorsAreAddedBeyond32Bits)
{
    conntrack_counters sum;
    for (int i = 0; i < 2; ++i) {
        std::size_t damaged = 0;
        conntrack_counters one;
        ASSERT_TRUE(decode(processor(0xFFFF'FFFF, 1), one, damaged));
        add_counters(sum, one);
    }
    EXPECT_EQ(sum[CTA_STATS_DROP], optional_count(0x1'FFFF'FFFE));
    EXPECT_EQ(sum[CTA_STATS_FOUND], optional_count());
}

TEST(DecodeConntrack, SurvivesDamage)
{
    std::size_t decoded = 0;
    testing::for_each_damage(processor(7, 8), [&](byte_span message) {
        std::size_t damaged = 0;
        conntrack_counters found;
        decoded += decode(message, found, damaged);
    });
    EXPECT_GT(decoded, 0U);
}

const std::string some_file =
    "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  "
    "expect_new expect_create expect_delete search_restart\n"
    "00000005  00000001 00000002 00000000 0000000a 00000000 00000000 00000003 00000000 00000004 00000005 00000006 "
    "00000007  00000000 00000000 00000000 00000008\n"
    "00000005  00000000 00000000 00000000 00000006 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
    "00000000  00000000 00000000 00000000 00000001\n";

TEST(ParseConntrackFile, AddsHexadecimalLines)
{
    const auto found = parse_conntrack_file(some_file);
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)[CTA_STATS_INVALID], optional_count(16));
    EXPECT_EQ((*found)[CTA_STATS_CLASH_RESOLVE], optional_count(1));
    EXPECT_EQ((*found)[CTA_STATS_CHAIN_TOOLONG], optional_count(3));
    EXPECT_EQ((*found)[CTA_STATS_INSERT_FAILED], optional_count(4));
    EXPECT_EQ((*found)[CTA_STATS_ERROR], optional_count(7));
    EXPECT_EQ((*found)[CTA_STATS_SEARCH_RESTART], optional_count(9));
    EXPECT_EQ((*found)[CTA_STATS_SEARCHED], optional_count());
}

TEST(ParseConntrackFile, AnythingElseIsNotRead)
{
    for (const char* text : {"", "\n", "found\n", "found new\n1\n", "found\nx\n", "\n1\n"}) {
        EXPECT_FALSE(parse_conntrack_file(text)) << text;
    }
    for (std::size_t size = 0; size < some_file.size(); ++size) {
        const testing::guarded_bytes cut(std::string_view(some_file).substr(0, size));
        (void)parse_conntrack_file(cut.view());
    }
}

}  // namespace
}  // namespace nodescope::netlink
