#include "netlink/decode/link_settings.hpp"

#include "tests/unit/netlink/composed_message.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>

#include <linux/ip.h>
#include <linux/ipv6.h>

#include <string>

namespace nodescope::netlink {
namespace {

using testing::composed;

/// An array of `count` settings, each with ten times its place.
std::string settings(std::size_t count)
{
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) {
        const auto value = static_cast<std::int32_t>(i * 10);
        bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    return bytes;
}

composed link_with_settings(std::size_t four, std::size_t six)
{
    composed ipv4;
    ipv4.bytes(IFLA_INET_CONF, settings(four));
    composed ipv6;
    ipv6.u32(IFLA_INET6_FLAGS, 7).bytes(IFLA_INET6_CONF, settings(six));
    composed families;
    families.nested(AF_INET, ipv4).nested(AF_INET6, ipv6).nested(AF_BRIDGE, ipv4);
    composed message(testing::link_header(3, 1, 0));
    message.bytes(IFLA_IFNAME, std::string("eth0\0", 5)).nested(IFLA_AF_SPEC, families);
    return message;
}

TEST(DecodeLinkSettings, TakesWhatIsWantedByItsPlace)
{
    std::size_t damaged = 0;
    link_settings found;
    ASSERT_TRUE(decode(link_with_settings(IPV4_DEVCONF_MAX + 5, DEVCONF_MAX + 5), found, damaged));
    EXPECT_EQ(damaged, 0U);
    EXPECT_EQ(found.name, "eth0");
    EXPECT_EQ(found.index, 3);
    EXPECT_EQ(found.forwarding, 0);
    EXPECT_EQ(found.proxy_arp, 10 * (IPV4_DEVCONF_PROXY_ARP - 1));
    EXPECT_EQ(found.rp_filter, 10 * (IPV4_DEVCONF_RP_FILTER - 1));
    EXPECT_EQ(found.arp_ignore, 10 * (IPV4_DEVCONF_ARP_IGNORE - 1));
    EXPECT_EQ(found.accept_local, 10 * (IPV4_DEVCONF_ACCEPT_LOCAL - 1));
    EXPECT_EQ(found.route_localnet, 10 * (IPV4_DEVCONF_ROUTE_LOCALNET - 1));
    EXPECT_EQ(found.forwarding6, 10 * DEVCONF_FORWARDING);
    EXPECT_EQ(found.disable_ipv6, 10 * DEVCONF_DISABLE_IPV6);
}

TEST(DecodeLinkSettings, AnOlderKernelHasFewer)
{
    std::size_t damaged = 0;
    link_settings found;
    ASSERT_TRUE(decode(link_with_settings(IPV4_DEVCONF_RP_FILTER, 1), found, damaged));
    EXPECT_TRUE(found.rp_filter);
    EXPECT_FALSE(found.arp_ignore);
    EXPECT_TRUE(found.forwarding6);
    EXPECT_FALSE(found.disable_ipv6);
}

TEST(DecodeLinkSettings, SurvivesDamage)
{
    std::size_t decoded = 0;
    testing::for_each_damage(link_with_settings(8, 3), [&](byte_span message) {
        std::size_t damaged = 0;
        link_settings found;
        decoded += decode(message, found, damaged);
    });
    EXPECT_GT(decoded, 0U);
}

}  // namespace
}  // namespace nodescope::netlink
