#include "netlink/decode/link.hpp"

#include "tests/unit/netlink/composed_message.hpp"
#include "tests/unit/netlink/fixture_file.hpp"

#include <gtest/gtest.h>

#include <linux/if_arp.h>

namespace nodescope::netlink {
namespace {

using testing::composed;
using testing::fixture_messages;
using testing::link_header;

byte_span payload_of(const std::vector<std::byte>& message) { return byte_span(message).subspan(NLMSG_HDRLEN); }

TEST(DecodeLink, ReadsARecordedContainerInterface)
{
    std::size_t malformed = 0;
    const auto messages = fixture_messages("nsfx-dual/link.bin");

    const auto eth0 = decode_link(payload_of(messages.at(1)), malformed);

    ASSERT_TRUE(eth0);
    EXPECT_EQ(malformed, 0U);
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
    std::size_t malformed = 0;
    const std::vector<std::byte> short_one(sizeof(ifinfomsg) - 1);

    EXPECT_FALSE(decode_link(short_one, malformed));
    EXPECT_FALSE(decode_link({}, malformed));

    EXPECT_EQ(malformed, 2U);
}

TEST(DecodeLink, WithoutAttributesNothingIsSet)
{
    std::size_t malformed = 0;

    const auto bare = decode_link(composed(link_header(7, 1, 3)), malformed);

    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->index, 7);
    EXPECT_FALSE(bare->name || bare->mtu || bare->address || bare->lower || bare->xdp);
    EXPECT_EQ(malformed, 0U);
}

TEST(DecodeLink, WrongSizesAreLeftOutAndCounted)
{
    std::size_t malformed = 0;
    composed message(link_header(7, 1, 0));
    message.bytes(IFLA_MTU, "abc").bytes(IFLA_ADDRESS, "").bytes(IFLA_BROADCAST, std::string(33, 'x'));
    message.bytes(IFLA_IFNAME, std::string_view("ok\0junk", 7)).bytes(IFLA_OPERSTATE, "");

    const auto made = decode_link(message, malformed);

    ASSERT_TRUE(made);
    EXPECT_EQ(malformed, 4U);
    EXPECT_FALSE(made->mtu || made->address || made->broadcast || made->operational_state);
    EXPECT_EQ(made->name, "ok");
}

TEST(DecodeLink, AnAttributeThatReachesBeyondTheEndStopsTheReading)
{
    std::size_t malformed = 0;
    composed message(link_header(7, 1, 0));
    message.u32(IFLA_MTU, 9000).number(IFLA_GROUP, nlattr{.nla_len = 1, .nla_type = 0});
    std::vector<std::byte> bytes(byte_span(message).begin(), byte_span(message).end());
    bytes[sizeof(ifinfomsg) + 8] = std::byte{0xFF};

    const auto made = decode_link(bytes, malformed);

    ASSERT_TRUE(made);
    EXPECT_EQ(made->mtu, 9000U);
    EXPECT_FALSE(made->group);
    EXPECT_EQ(malformed, 1U);
}

TEST(DecodeLink, TheFirstOfTwoCounts)
{
    std::size_t malformed = 0;
    composed message(link_header(7, 1, 0));
    message.bytes(IFLA_IFNAME, "first").bytes(IFLA_IFNAME, "second");

    EXPECT_EQ(decode_link(message, malformed)->name, "first");
}

TEST(DecodeLink, ReadsNestedParts)
{
    std::size_t malformed = 0;
    composed message(link_header(7, 1, 0));
    message.nested(IFLA_XDP, composed().u8(IFLA_XDP_ATTACHED, XDP_ATTACHED_SKB).u32(IFLA_XDP_PROG_ID, 42));
    message.nested(IFLA_PROP_LIST, composed().bytes(IFLA_ALT_IFNAME, "one").bytes(IFLA_ALT_IFNAME, "\x1b\xff"));
    message.u8(IFLA_PROTO_DOWN, 1);
    message.nested(IFLA_PROTO_DOWN_REASON, composed().u32(IFLA_PROTO_DOWN_REASON_VALUE, 5));

    const auto made = decode_link(message, malformed);

    EXPECT_EQ(made->xdp, (xdp_state{XDP_ATTACHED_SKB, 42}));
    EXPECT_EQ(made->alternative_names, (std::vector<std::string>{"one", "\x1b\xff"}));
    EXPECT_EQ(made->protocol_down, true);
    EXPECT_EQ(made->protocol_down_reasons, 5U);
    EXPECT_EQ(malformed, 0U);
}

// Recorded and mutated buffers. The sanitizers watch; the header is all that may be relied on.
TEST(DecodeLink, SurvivesEveryCutAndFalseByte)
{
    for (const auto& message : fixture_messages("nsfx-dual/link.bin")) {
        testing::for_each_damage(payload_of(message), [](byte_span damaged) {
            std::size_t malformed = 0;
            const auto made = decode_link(damaged, malformed);
            EXPECT_EQ(made.has_value(), damaged.size() >= sizeof(ifinfomsg));
        });
    }
}

TEST(DecodeLink, ACutMessageIsCounted)
{
    const auto messages = fixture_messages("nsfx-dual/link.bin");
    const byte_span payload = payload_of(messages.at(1));
    std::size_t malformed = 0;

    ASSERT_TRUE(decode_link(payload.first(payload.size() - 5), malformed));

    EXPECT_EQ(malformed, 1U);
}

}  // namespace
}  // namespace nodescope::netlink
