#include "netlink/decode/decode.hpp"

#include "tests/unit/netlink/composed_message.hpp"
#include "tests/unit/netlink/fixture_file.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <utility>

#include <linux/if_arp.h>

namespace nodescope::netlink {
namespace {

using testing::composed;
using testing::fixture_messages;
using testing::link_header;

std::optional<link> decode_link(byte_span message, std::size_t& damaged)
{
    std::optional<link> made(std::in_place);
    if (!decode(message, *made, damaged)) made.reset();
    return made;
}

TEST(DecodeLink, ReadsARecordedContainerInterface)
{
    std::size_t damaged = 0;
    const auto messages = fixture_messages("nsfx-dual/link.bin");

    const auto eth0 = decode_link(messages.at(1), damaged);

    ASSERT_TRUE(eth0);
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(eth0->index, 2);
    EXPECT_EQ(eth0->name, "eth0");
    EXPECT_EQ(eth0->type, ARPHRD_ETHER);
    EXPECT_EQ(eth0->mtu, 1500U);
    EXPECT_EQ(eth0->qdisc, "noqueue");
    EXPECT_EQ(eth0->operational_state, 6);
    EXPECT_EQ(eth0->group, 0U);
    EXPECT_EQ(eth0->lower, 6U);
    EXPECT_EQ(eth0->lower_namespace, 0);
    EXPECT_EQ(eth0->master, std::nullopt);
    EXPECT_EQ(eth0->xdp, (xdp_state{0, 0}));
    EXPECT_EQ(eth0->protocol_down, false);
    ASSERT_TRUE(eth0->address);
    EXPECT_EQ(eth0->address->size, 6);
    EXPECT_EQ(eth0->address->bytes[1], 0x42);
}

TEST(DecodeLink, NeedsAWholeHeader)
{
    std::size_t damaged = 0;
    const std::string bytes = testing::cut_to(composed(link_header(7, 1, 0)), NLMSG_LENGTH(sizeof(ifinfomsg)) - 1);
    const byte_span short_one = std::as_bytes(std::span(bytes));

    EXPECT_FALSE(decode_link(short_one, damaged));
    EXPECT_FALSE(decode_link({}, damaged));

    EXPECT_EQ(damaged, 2U);
}

TEST(DecodeLink, WithoutAttributesNothingIsSet)
{
    std::size_t damaged = 0;

    const auto bare = decode_link(composed(link_header(7, 1, 3)), damaged);

    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->index, 7);
    EXPECT_FALSE(bare->name || bare->mtu || bare->address || bare->lower || bare->xdp);
    EXPECT_EQ(damaged, 0U);
}

TEST(DecodeLink, WrongSizesAreLeftOutAndCounted)
{
    std::size_t damaged = 0;
    composed message(link_header(7, 1, 0));
    message.bytes(IFLA_MTU, "abc").bytes(IFLA_ADDRESS, "").bytes(IFLA_BROADCAST, std::string(33, 'x'));
    message.bytes(IFLA_IFNAME, std::string_view("ok\0junk", 7)).bytes(IFLA_OPERSTATE, "");

    const auto made = decode_link(message, damaged);

    ASSERT_TRUE(made);
    EXPECT_EQ(damaged, 4U);
    EXPECT_FALSE(made->mtu || made->address || made->broadcast || made->operational_state);
    EXPECT_EQ(made->name, "ok");
}

TEST(DecodeLink, AnAttributeThatReachesBeyondTheEndStopsTheReading)
{
    std::size_t damaged = 0;
    composed message(link_header(7, 1, 0));
    message.u32(IFLA_MTU, 9000).number(IFLA_GROUP, nlattr{.nla_len = 1, .nla_type = 0});
    std::vector<std::byte> bytes(byte_span(message).begin(), byte_span(message).end());
    bytes[NLMSG_LENGTH(sizeof(ifinfomsg)) + 8] = std::byte{0xFF};

    const auto made = decode_link(bytes, damaged);

    ASSERT_TRUE(made);
    EXPECT_EQ(made->mtu, 9000U);
    EXPECT_FALSE(made->group);
    EXPECT_EQ(damaged, 1U);
}

TEST(DecodeLink, TheFirstOfTwoCounts)
{
    std::size_t damaged = 0;
    composed message(link_header(7, 1, 0));
    message.bytes(IFLA_IFNAME, "first").bytes(IFLA_IFNAME, "second");

    EXPECT_EQ(decode_link(message, damaged)->name, "first");
}

TEST(DecodeLink, ReadsNestedParts)
{
    std::size_t damaged = 0;
    composed message(link_header(7, 1, 0));
    message.nested(IFLA_XDP, composed().u8(IFLA_XDP_ATTACHED, XDP_ATTACHED_SKB).u32(IFLA_XDP_PROG_ID, 42));
    message.nested(IFLA_PROP_LIST, composed().bytes(IFLA_ALT_IFNAME, "one").bytes(IFLA_ALT_IFNAME, "\x1b\xff"));
    message.u8(IFLA_PROTO_DOWN, 1);
    message.nested(IFLA_PROTO_DOWN_REASON, composed().u32(IFLA_PROTO_DOWN_REASON_VALUE, 5));

    const auto made = decode_link(message, damaged);

    EXPECT_EQ(made->xdp, (xdp_state{XDP_ATTACHED_SKB, 42}));
    EXPECT_EQ(made->alternative_names, (std::vector<std::string>{"one", "\x1b\xff"}));
    EXPECT_EQ(made->protocol_down, true);
    EXPECT_EQ(made->protocol_down_reasons, 5U);
    EXPECT_EQ(damaged, 0U);
}

// The header is all that may be relied on.
TEST(DecodeLink, SurvivesEveryCutAndFalseByte)
{
    for (const auto& message : fixture_messages("nsfx-dual/link.bin")) {
        testing::for_each_damage(message, [](byte_span bytes) {
            std::size_t damaged = 0;
            const auto made = decode_link(bytes, damaged);
            EXPECT_EQ(made.has_value(), bytes.size() >= NLMSG_LENGTH(sizeof(ifinfomsg)));
        });
    }
}

TEST(DecodeLink, ACutMessageIsCounted)
{
    const auto messages = fixture_messages("nsfx-dual/link.bin");
    const std::string cut = testing::cut_to(messages.at(1), messages.at(1).size() - 5);
    std::size_t damaged = 0;

    ASSERT_TRUE(decode_link(std::as_bytes(std::span(cut)), damaged));

    EXPECT_EQ(damaged, 1U);
}

}  // namespace
}  // namespace nodescope::netlink
