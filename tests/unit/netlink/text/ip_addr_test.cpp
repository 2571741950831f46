#include "netlink/text/ip_addr.hpp"

#include "netlink/decode/decode.hpp"
#include "netlink/text/hardware_names.hpp"
#include "tests/unit/netlink/composed_message.hpp"
#include "tests/unit/netlink/fixture_file.hpp"

#include <gtest/gtest.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <sys/socket.h>

namespace nodescope::netlink {
namespace {

using testing::composed;
using testing::fixture_messages;
using testing::fixture_text;
using testing::link_header;

struct shown_namespace {
    std::vector<link> links;
    std::vector<link_address> addresses;
    std::map<std::int32_t, std::string> namespace_names;

    shown_namespace& add_link(byte_span message) { return add(links, message); }
    shown_namespace& add_address(byte_span message) { return add(addresses, message); }
    [[nodiscard]] std::string text() const
    {
        iproute_names names("/nonexistent");
        return ip_addr_text(links, addresses, names, namespace_names);
    }

private:
    template <class Item>
    shown_namespace& add(std::vector<Item>& items, byte_span message)
    {
        std::size_t damaged = 0;
        EXPECT_TRUE(decode(message, items.emplace_back(), damaged));
        EXPECT_EQ(damaged, 0U);
        return *this;
    }
};

shown_namespace recorded(const std::string& folder)
{
    shown_namespace made;
    for (const auto& message : fixture_messages(folder + "/link.bin")) made.add_link(message);
    for (const auto& message : fixture_messages(folder + "/addr.bin")) made.add_address(message);
    return made;
}

class RecordedAddresses : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordedAddresses, IsShownAsTheToolShowedIt)
{
    EXPECT_EQ(recorded(GetParam()).text(), fixture_text(std::string(GetParam()) + "/ip-addr.txt"));
}

INSTANTIATE_TEST_SUITE_P(IpAddrText, RecordedAddresses, ::testing::Values("nsfx-plain", "nsfx-dual", "nsfx-nat"),
                         [](const auto& test) { return std::string(test.param).substr(5); });

TEST(IpAddrText, NothingIsShownAsNothing) { EXPECT_EQ(shown_namespace().text(), ""); }

// The texts below were printed by iproute2 6.1.0 from the same messages, played to it
// (tests/support/replayed_kernel.cpp).
TEST(IpAddrText, ComposedBondWithPortAndVlan)
{
    shown_namespace ns;
    ns.add_link(composed(link_header(2, ARPHRD_ETHER, IFF_UP | IFF_RUNNING | IFF_LOWER_UP | IFF_SLAVE | IFF_MULTICAST))
                    .bytes(IFLA_IFNAME, "eth0")
                    .u32(IFLA_MTU, 1500)
                    .bytes(IFLA_QDISC, "mq")
                    .u32(IFLA_MASTER, 3)
                    .u8(IFLA_OPERSTATE, 6)
                    .u32(IFLA_GROUP, 0)
                    .u32(IFLA_TXQLEN, 1000)
                    .bytes(IFLA_ADDRESS, "\2\1\1\1\1\1")
                    .bytes(IFLA_PERM_ADDRESS, "\2\1\1\1\1\2"));
    ns.add_link(composed(link_header(3, ARPHRD_ETHER, IFF_MASTER | IFF_MULTICAST))
                    .bytes(IFLA_IFNAME, "bond0")
                    .u32(IFLA_MTU, 1500));
    ns.add_link(composed(link_header(4, ARPHRD_ETHER, IFF_UP))
                    .bytes(IFLA_IFNAME, "bond0.7")
                    .u32(IFLA_LINK, 3)
                    .u8(IFLA_OPERSTATE, 3));

    EXPECT_EQ(ns.text(),
              "2: eth0: <MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master bond0 state UP group default qlen 1000\n"
              "    link/ether 02:01:01:01:01:01 permaddr 02:01:01:01:01:02\n"
              "3: bond0: <MULTICAST,MASTER> mtu 1500 \n"
              "    link/ether \n"
              "4: bond0.7@bond0: <NO-CARRIER,UP,M-DOWN> state LOWERLAYERDOWN \n"
              "    link/ether \n");
}

TEST(IpAddrText, LowerLinkElsewhere)
{
    shown_namespace ns;
    for (const int id : {0, 1, -1}) {
        ns.add_link(composed(link_header(5, ARPHRD_NONE, 0))
                        .bytes(IFLA_IFNAME, "x")
                        .u32(IFLA_LINK, 9)
                        .number(IFLA_LINK_NETNSID, id));
    }
    ns.add_link(composed(link_header(6, ARPHRD_SIT, IFF_POINTOPOINT))
                    .bytes(IFLA_IFNAME, "sit0")
                    .u32(IFLA_LINK, 0)
                    .bytes(IFLA_ADDRESS, {"\12\0\0\1", 4})
                    .bytes(IFLA_BROADCAST, {"\12\0\0\2", 4}));
    ns.add_link(composed(link_header(7, ARPHRD_NONE, 0)).bytes(IFLA_IFNAME, "lost").u32(IFLA_LINK, 99));
    ns.namespace_names = {{1, "blue"}};

    EXPECT_EQ(ns.text(),
              "5: x@if9: <> \n    link/none  link-netnsid 0\n"
              "5: x@if9: <> \n    link/none  link-netns blue\n"
              "5: x@if9: <> \n    link/none  link-netnsid unknown\n"
              "6: sit0@NONE: <POINTOPOINT> \n    link/sit 10.0.0.1 peer 10.0.0.2\n"
              "7: lost@if99: <> \n    link/none \n");
}

TEST(IpAddrText, UnknownBitsAndStates)
{
    shown_namespace ns;
    ns.add_link(composed(link_header(1, ARPHRD_RAWIP, 0x80000000U | IFF_UP))
                    .bytes(IFLA_IFNAME, "r")
                    .u8(IFLA_OPERSTATE, 9)
                    .u32(IFLA_GROUP, 7));

    EXPECT_EQ(ns.text(), "1: r: <NO-CARRIER,UP,80000000> state 0x9group 7 \n    link/[519] \n");
}

TEST(IpAddrText, AddressesFollowTheirLinkInTheOrderOfTheDump)
{
    shown_namespace ns;
    ns.add_link(composed(link_header(1, ARPHRD_NONE, 0)).bytes(IFLA_IFNAME, "a"));
    ns.add_link(composed(link_header(2, ARPHRD_NONE, 0)).bytes(IFLA_IFNAME, "b"));
    const auto v4 = [](unsigned index, char last) {
        return composed(testing::address_header(index, AF_INET, 24, RT_SCOPE_UNIVERSE, IFA_F_PERMANENT))
            .bytes(IFA_LOCAL, std::string("\12\0\0", 3) + last);
    };
    ns.add_address(v4(2, 9)).add_address(v4(1, 1)).add_address(v4(3, 7)).add_address(v4(2, 3));
    ns.add_address(
        composed(testing::address_header(1, AF_INET6, 64, 77, 0))
            .bytes(IFA_ADDRESS, std::string(16, '\1'))
            .u32(IFA_FLAGS, IFA_F_TENTATIVE | IFA_F_STABLE_PRIVACY | 0x1000)
            .u32(IFA_RT_PRIORITY, 5)
            .number(IFA_CACHEINFO, ifa_cacheinfo{.ifa_prefered = 7, .ifa_valid = 9, .cstamp = 0, .tstamp = 0}));

    EXPECT_EQ(
        ns.text(),
        "1: a: <> \n    link/none \n"
        "    inet 10.0.0.1/24 scope global \n"
        "    inet6 101:101:101:101:101:101:101:101/64 metric 5 scope 77 tentative dynamic stable-privacy flags 1000 \n"
        "       valid_lft 9sec preferred_lft 7sec\n"
        "2: b: <> \n    link/none \n"
        "    inet 10.0.0.9/24 scope global \n"
        "    inet 10.0.0.3/24 scope global \n");
}

TEST(IpAddrText, NamesAreBytes)
{
    shown_namespace ns;
    ns.add_link(composed(link_header(1, ARPHRD_NONE, 0))
                    .bytes(IFLA_IFNAME, "\x1b[31m\xff")
                    .nested(IFLA_PROP_LIST, composed().bytes(IFLA_ALT_IFNAME, "{}%s")));

    EXPECT_EQ(ns.text(), "1: \x1b[31m\xff: <> \n    link/none \n    altname {}%s\n");
}

std::string hardware(std::string_view bytes, std::uint16_t type)
{
    hardware_address address;
    std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    address.size = static_cast<std::uint8_t>(bytes.size());
    std::string out = "<";
    append_hardware_address(out, address, type);
    return out;
}

TEST(HardwareAddress, HasTheFormOfItsLinkType)
{
    EXPECT_EQ(hardware({}, ARPHRD_ETHER), "<");
    EXPECT_EQ(hardware({"\2\xab\0\0\0\1", 6}, ARPHRD_ETHER), "<02:ab:00:00:00:01");
    EXPECT_EQ(hardware({"\12\0\0\1", 4}, ARPHRD_IPGRE), "<10.0.0.1");
    EXPECT_EQ(hardware({"\12\0\0\1", 4}, ARPHRD_ETHER), "<0a:00:00:01");
    EXPECT_EQ(hardware(std::string(15, '\0') + '\1', ARPHRD_TUNNEL6), "<::1");
    EXPECT_EQ(hardware("\x98\x92\x9c\xaa\xb0\x40\x02", ARPHRD_AX25), "<LINUX-1");
    EXPECT_EQ(hardware("\xa2\xa6\xa8\x40\x40\x40\x7e", ARPHRD_NETROM), "<QST-15");
    EXPECT_EQ(hardware({"\0\0\0\0\0\0\0", 7}, ARPHRD_AX25), "<*");
    EXPECT_EQ(hardware("\x20\x80\x12\x34\x5f", ARPHRD_ROSE), "<208012345?");
    EXPECT_EQ(hardware(std::string(32, '\x11'), ARPHRD_ETHER).size(), 1U + 63U);
}

TEST(HardwareTypeName, KnowsTheFirstAndTheLastAndGaps)
{
    EXPECT_EQ(hardware_type_name(0), "netrom");
    EXPECT_EQ(hardware_type_name(ARPHRD_VOID), "void");
    EXPECT_EQ(hardware_type_name(ARPHRD_FCFABRIC + 12), "fcfb12");
    EXPECT_EQ(hardware_type_name(ARPHRD_RAWIP), "");
}

}  // namespace
}  // namespace nodescope::netlink
