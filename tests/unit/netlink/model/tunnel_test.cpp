#include "netlink/model/tunnel.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>  // before the kernel's

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <sys/socket.h>

#include <string>
#include <utility>

namespace nodescope::netlink {
namespace {

using namespace std::literals;

link_kind kind(std::string name, std::vector<raw_attribute> attributes = {})
{
    link_kind made;
    made.name = std::move(name);
    made.attributes = std::move(attributes);
    return made;
}

std::uint32_t header_of(const link_kind& of)
{
    const auto read = tunnel_of(of);
    return read ? read->header : 0;
}

const std::string four = "\x0a\x00\x00\x01"s;
const std::string six = "\xfd"s + std::string(14, '\0') + "\x01"s;

TEST(Tunnel, HasTheHeaderOfItsKind)
{
    EXPECT_EQ(header_of(kind("vxlan")), 50U);
    EXPECT_EQ(header_of(kind("vxlan", {{IFLA_VXLAN_LOCAL, four}})), 50U);
    EXPECT_EQ(header_of(kind("vxlan", {{IFLA_VXLAN_LOCAL6, six}})), 70U);
    EXPECT_EQ(header_of(kind("vxlan", {{IFLA_VXLAN_GROUP6, six}})), 70U);
    EXPECT_EQ(header_of(kind("geneve", {{IFLA_GENEVE_REMOTE, four}})), 50U);
    EXPECT_EQ(header_of(kind("geneve", {{IFLA_GENEVE_REMOTE6, six}})), 70U);
    EXPECT_EQ(header_of(kind("wireguard")), 60U);
    EXPECT_EQ(header_of(kind("ipip")), 20U);
    EXPECT_EQ(header_of(kind("sit")), 20U);
    EXPECT_EQ(header_of(kind("ip6tnl")), 40U);
    EXPECT_EQ(header_of(kind("gre")), 24U);
    EXPECT_EQ(header_of(kind("gretap")), 38U);
    EXPECT_EQ(header_of(kind("ip6gre")), 44U);
    EXPECT_EQ(header_of(kind("ip6gretap")), 58U);
    const std::string key_and_sequence = "\x30\x00"s;  // GRE_KEY, GRE_SEQ
    EXPECT_EQ(header_of(kind("gre", {{IFLA_GRE_OFLAGS, key_and_sequence}})), 32U);
    for (const char* const none : {"", "veth", "vlan", "dummy"}) EXPECT_FALSE(tunnel_of(kind(none))) << none;
}

TEST(Tunnel, KnowsItsEnds)
{
    const auto read = tunnel_of(kind("ipip", {{IFLA_IPTUN_LOCAL, four}, {IFLA_IPTUN_REMOTE, std::string(4, '\0')}}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->family, AF_INET);
    ASSERT_TRUE(read->local);
    EXPECT_EQ(read->local->bytes[0], 10);
    EXPECT_FALSE(read->remote);  // any
    const auto over6 = tunnel_of(kind("ip6gre", {{IFLA_GRE_REMOTE, six}}));
    ASSERT_TRUE(over6);
    EXPECT_EQ(over6->family, AF_INET6);
    EXPECT_TRUE(over6->remote);
}

TEST(Tunnel, AttributesOfOtherLengthsAreNone)
{
    for (std::size_t size = 0; size < 40; ++size) {
        const std::string bytes(size, '\x01');
        const auto read = tunnel_of(kind("gre", {{IFLA_GRE_LOCAL, bytes}, {IFLA_GRE_OFLAGS, bytes}}));
        ASSERT_TRUE(read);
        EXPECT_EQ(read->local.has_value(), size == 4) << size;
        EXPECT_TRUE(tunnel_of(kind("vxlan", {{IFLA_VXLAN_LOCAL, bytes}, {IFLA_VXLAN_LOCAL6, bytes}})));
    }
}

}  // namespace
}  // namespace nodescope::netlink
