#include "netlink/decode/decode.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <endian.h>

#include <gtest/gtest.h>

namespace nodescope::netlink {
namespace {

using testing::composed;

composed entry_of(std::uint8_t family)
{
    ndmsg header{};
    header.ndm_family = family;
    header.ndm_ifindex = 4;
    header.ndm_state = NUD_STALE;
    header.ndm_flags = NTF_ROUTER;
    return {RTM_NEWNEIGH, header};
}

composed full_entry()
{
    nda_cacheinfo ages{};
    ages.ndm_used = 700;
    ages.ndm_refcnt = 2;
    return entry_of(AF_BRIDGE)
        .u32(NDA_DST, 10)
        .bytes(NDA_LLADDR, std::string_view("\2\0\0\0\0\7", 6))
        .number(NDA_CACHEINFO, ages)
        .u32(NDA_PROBES, 3)
        .number<std::uint16_t>(NDA_VLAN, 7)
        .number<std::uint16_t>(NDA_PORT, htobe16(4789))
        .u32(NDA_VNI, 5)
        .u32(NDA_MASTER, 9)
        .u32(NDA_FLAGS_EXT, 1);
}

TEST(DecodeNeighbour, TakesEntriesOfForwardingTables)
{
    neighbour entry;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(full_entry(), entry, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(entry.interface_index, 4U);
    EXPECT_EQ(entry.state, NUD_STALE);
    EXPECT_EQ(entry.flags, NTF_ROUTER);
    EXPECT_EQ(entry.address_family, AF_INET);
    ASSERT_TRUE(entry.hardware && entry.ages);
    EXPECT_EQ(entry.hardware->size, 6);
    EXPECT_EQ(entry.hardware->bytes[5], 7);
    EXPECT_EQ(entry.ages->used, 700U);
    EXPECT_EQ(entry.ages->references, 2U);
    EXPECT_EQ(entry.vlan, 7);
    EXPECT_EQ(entry.port, 4789);
    EXPECT_EQ(entry.vni, 5U);
    EXPECT_EQ(entry.master, 9U);
    EXPECT_EQ(entry.more_flags, 1U);
}

TEST(DecodeNeighbour, TellsTheFamilyOfATunnelsEndByItsLength)
{
    neighbour entry;
    std::size_t damaged = 0;
    ASSERT_TRUE(decode(entry_of(AF_BRIDGE).bytes(NDA_DST, std::string(16, '\1')), entry, damaged));
    EXPECT_EQ(entry.address_family, AF_INET6);
    ASSERT_TRUE(decode(entry_of(AF_INET6).u32(NDA_DST, 1), entry = {}, damaged));
    EXPECT_FALSE(entry.address);
    EXPECT_EQ(damaged, 1U);
    ASSERT_TRUE(decode(entry_of(AF_INET).bytes(NDA_LLADDR, std::string(33, '\1')), entry = {}, damaged));
    EXPECT_FALSE(entry.hardware);
    EXPECT_EQ(damaged, 2U);
}

TEST(DecodeNeighbour, ReadsNothingBeyondADamagedMessage)
{
    std::size_t refused = 0;
    testing::for_each_damage(full_entry(), [&](byte_span bytes) {
        neighbour entry;
        std::size_t damaged = 0;
        if (!decode(bytes, entry, damaged)) ++refused;
    });
    EXPECT_GE(refused, NLMSG_LENGTH(sizeof(ndmsg)));
}

}  // namespace
}  // namespace nodescope::netlink
