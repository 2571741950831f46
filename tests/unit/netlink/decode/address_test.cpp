#include "netlink/decode/decode.hpp"

#include "tests/unit/netlink/composed_message.hpp"
#include "tests/unit/netlink/fixture_file.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <utility>

#include <sys/socket.h>

namespace nodescope::netlink {
namespace {

using testing::address_header;
using testing::composed;
using testing::fixture_messages;

std::optional<link_address> decode_address(byte_span message, std::size_t& damaged)
{
    std::optional<link_address> made(std::in_place);
    if (!decode(message, *made, damaged)) made.reset();
    return made;
}

network_address ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) { return {{a, b, c, d}}; }

TEST(DecodeAddress, ReadsARecordedAddress)
{
    std::size_t damaged = 0;
    const auto messages = fixture_messages("nsfx-dual/addr.bin");

    const auto labelled = decode_address(messages.at(3), damaged);

    ASSERT_TRUE(labelled);
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(labelled->link_index, 2);
    EXPECT_EQ(labelled->family, AF_INET);
    EXPECT_EQ(labelled->prefix_length, 24);
    EXPECT_EQ(labelled->local, ipv4(10, 241, 0, 4));
    EXPECT_EQ(labelled->broadcast, ipv4(10, 241, 0, 255));
    EXPECT_EQ(labelled->label, "eth0:app");
    EXPECT_EQ(labelled->flags, static_cast<std::uint32_t>(IFA_F_PERMANENT | IFA_F_SECONDARY));
    EXPECT_EQ(labelled->lifetime, (address_lifetime{address_lifetime::forever, address_lifetime::forever}));
}

TEST(DecodeAddress, TakesAllFlagBitsAndElseThoseOfTheHeader)
{
    std::size_t damaged = 0;
    composed wide(address_header(1, AF_INET6, 64, 0, 0x80));
    wide.u32(IFA_FLAGS, 0x780);

    EXPECT_EQ(decode_address(wide, damaged)->flags, 0x780U);
    EXPECT_EQ(decode_address(composed(address_header(1, AF_INET6, 64, 0, 0x80)), damaged)->flags, 0x80U);
}

TEST(DecodeAddress, LocalAndPeerStandForEachOther)
{
    std::size_t damaged = 0;

    const auto only_peer =
        decode_address(composed(address_header(1, AF_INET, 8)).bytes(IFA_ADDRESS, "\1\2\3\4"), damaged);
    const auto only_local =
        decode_address(composed(address_header(1, AF_INET, 8)).bytes(IFA_LOCAL, "\1\2\3\4"), damaged);

    EXPECT_EQ(only_peer->local, ipv4(1, 2, 3, 4));
    EXPECT_EQ(only_local->peer, ipv4(1, 2, 3, 4));
}

TEST(DecodeAddress, AnAddressTooShortForItsFamilyIsLeftOut)
{
    std::size_t damaged = 0;

    const auto v4 = decode_address(composed(address_header(1, AF_INET, 8)).bytes(IFA_LOCAL, "\1\2\3"), damaged);
    const auto v6 = decode_address(composed(address_header(1, AF_INET6, 8)).bytes(IFA_LOCAL, "\1\2\3\4"), damaged);
    const auto other = decode_address(composed(address_header(1, AF_PHONET, 6)).bytes(IFA_LOCAL, "\x10"), damaged);

    EXPECT_FALSE(v4->local);
    EXPECT_FALSE(v6->local);
    EXPECT_TRUE(other->local);
    EXPECT_EQ(damaged, 2U);
}

TEST(DecodeAddress, NeedsAWholeHeader)
{
    std::size_t damaged = 0;
    const std::string bytes = testing::cut_to(composed(address_header(7, 1, 0)), NLMSG_LENGTH(sizeof(ifaddrmsg)) - 1);
    const byte_span short_one = std::as_bytes(std::span(bytes));

    EXPECT_FALSE(decode_address(short_one, damaged));

    EXPECT_EQ(damaged, 1U);
}

// The header is all that may be relied on.
TEST(DecodeAddress, SurvivesEveryCutAndFalseByte)
{
    for (const auto& message : fixture_messages("nsfx-dual/addr.bin")) {
        testing::for_each_damage(message, [](byte_span bytes) {
            std::size_t damaged = 0;
            const auto made = decode_address(bytes, damaged);
            EXPECT_EQ(made.has_value(), bytes.size() >= NLMSG_LENGTH(sizeof(ifaddrmsg)));
        });
    }
}

}  // namespace
}  // namespace nodescope::netlink
