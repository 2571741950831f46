#include "collectors/wiring/wiring_builder.hpp"

#include "tests/unit/collectors/wiring/made_links.hpp"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <sys/socket.h>

#include <string>
#include <tuple>
#include <vector>

namespace nodescope {
namespace {

using namespace std::string_literals;
using testing::add_bytes;
using testing::made_link;
using testing::made_link_to;
using testing::with_master;

wired_namespace made_namespace(std::uint64_t netns, namespace_kind kind)
{
    wired_namespace one;
    one.netns = netns;
    one.kind = kind;
    return one;
}

/// Kind, and the names of both ends.
using shown_edge = std::tuple<edge_kind, std::string, std::string>;

std::vector<shown_edge> edges_of(const wiring& made)
{
    std::vector<shown_edge> all;
    for (const wired_edge& one : made.edges)
        all.emplace_back(one.kind, made.links[one.from].name, made.links[one.to].name);
    return all;
}

/// A container with eth0 (index 2), whose other end is `index` of the node.
std::size_t add_container(wiring_builder& to, std::uint64_t netns, std::uint32_t index)
{
    const std::size_t space = to.add_namespace(made_namespace(netns, namespace_kind::container));
    to.add_links(space, {made_link(1, "lo"), made_link_to(2, "eth0", "veth", index, 0)});
    return space;
}

TEST(WiringBuilder, OfNothingMakesNothing)
{
    wiring_builder builder;
    EXPECT_TRUE(builder.unknown().empty());
    const wiring made = builder.finish();
    EXPECT_TRUE(made.namespaces.empty() && made.links.empty() && made.edges.empty() && made.notes.empty());
}

TEST(WiringBuilder, WiresPairsPortsAndWhatCarriesWhat)
{
    wiring_builder builder;
    // What comes first does not show first.
    const std::size_t pod = add_container(builder, 10, 7);
    const std::size_t node = builder.add_namespace(made_namespace(1, namespace_kind::node));
    builder.add_links(
        node, {made_link(1, "lo"), made_link(2, "card"), made_link(3, "br0", "bridge"),
               with_master(made_link_to(7, "veth7", "veth", 2, 4), 3), made_link_to(8, "card.5", "vlan", 2),
               made_link(9, "bond0", "bond"), with_master(made_link(10, "card2"), 9), made_link_to(11, "a", "veth", 12),
               made_link_to(12, "b", "veth", 11)});
    EXPECT_TRUE(builder.has_unknown(pod));
    const auto unknown = builder.unknown();
    ASSERT_EQ(unknown.size(), 2U);
    EXPECT_EQ(unknown[0].space, pod);
    EXPECT_EQ(unknown[0].may_be, std::vector<std::size_t>{node});
    EXPECT_EQ(unknown[1].id, 4);
    EXPECT_EQ(unknown[1].may_be, std::vector<std::size_t>{pod});
    builder.learn(pod, 0, node);
    builder.learn(node, 4, pod);
    EXPECT_FALSE(builder.has_unknown(pod) || builder.has_unknown(node) || builder.is_unknown(node, 4));

    const wiring made = builder.finish();
    EXPECT_EQ(made.namespaces[0].kind, namespace_kind::node);
    EXPECT_EQ(made.links.front().name, "lo");
    EXPECT_EQ(made.links.back().space, 1U);
    EXPECT_EQ(edges_of(made), (std::vector<shown_edge>{{edge_kind::bridge_port, "veth7", "br0"},
                                                       {edge_kind::veth, "veth7", "eth0"},
                                                       {edge_kind::lower, "card.5", "card"},
                                                       {edge_kind::lower, "bond0", "card2"},
                                                       {edge_kind::veth, "a", "b"}}));
    EXPECT_EQ(made.links[made.links[3].master.value()].name, "br0");
    EXPECT_FALSE(made.links[1].master);
    EXPECT_TRUE(made.notes.empty());
}

TEST(WiringBuilder, CountsEndsThatNobodyKnows)
{
    wiring_builder builder;
    const std::size_t node = builder.add_namespace(made_namespace(1, namespace_kind::node));
    // In a namespace without a known id, in one that has none, and gone.
    builder.add_links(node, {made_link_to(5, "v5", "veth", 2, 9), made_link_to(6, "v6", "veth", 2, -1),
                             made_link_to(7, "v7", "vlan", 99)});
    EXPECT_TRUE(builder.is_unknown(node, 9));
    EXPECT_FALSE(builder.is_unknown(node, -1));
    const wiring made = builder.finish();
    EXPECT_TRUE(made.edges.empty());
    EXPECT_EQ(made.notes.at("edges"),
              "3 left out: the other end is in a network namespace that nobody knows here, or is gone");
}

TEST(WiringBuilder, TakesOnlyThatForACandidateWhichPointsBack)
{
    wiring_builder builder;
    const std::size_t node = builder.add_namespace(made_namespace(1, namespace_kind::node));
    builder.add_links(node, {made_link_to(7, "v7", "veth", 2, 1), made_link_to(8, "v8", "veth", 2, 2)});
    const std::size_t first = add_container(builder, 10, 7);
    const std::size_t second = add_container(builder, 11, 8);
    for (const auto& one : builder.unknown()) {
        if (one.space != node) continue;
        EXPECT_EQ(one.may_be, std::vector<std::size_t>{one.id == 1 ? first : second});
    }
}

TEST(WiringBuilder, FindsTheLinkOfAVxlanWhereTheKernelSaysItOnlyThere)
{
    wiring_builder builder;
    const std::size_t node = builder.add_namespace(made_namespace(1, namespace_kind::node));
    auto vxlan = made_link(4, "vx", "vxlan");
    testing::add_number(vxlan, IFLA_VXLAN_LINK, 2);
    builder.add_links(node, {made_link(2, "card"), vxlan});
    EXPECT_EQ(edges_of(builder.finish()), (std::vector<shown_edge>{{edge_kind::lower, "vx", "card"}}));
}

TEST(WiringBuilder, JoinsTunnelsUnlessTheirAddressesAreUsedTwice)
{
    const auto ipip = [](int index, std::string name, char local, char remote) {
        auto one = made_link(index, std::move(name), "ipip");
        add_bytes(one, IFLA_IPTUN_LOCAL, "\x0a\0\0"s + local);
        add_bytes(one, IFLA_IPTUN_REMOTE, "\x0a\0\0"s + remote);
        return one;
    };
    wiring_builder builder;
    const std::size_t a = builder.add_namespace(made_namespace(1, namespace_kind::named));
    const std::size_t b = builder.add_namespace(made_namespace(2, namespace_kind::named));
    const std::size_t c = builder.add_namespace(made_namespace(3, namespace_kind::named));
    builder.add_links(a, {ipip(3, "one", 1, 2), ipip(4, "twice", 1, 3)});
    builder.add_links(b, {ipip(3, "two", 2, 1), ipip(4, "three", 3, 1)});
    builder.add_links(c, {ipip(3, "again", 3, 1)});
    EXPECT_EQ(edges_of(builder.finish()), (std::vector<shown_edge>{{edge_kind::tunnel, "one", "two"}}));
}

TEST(WiringBuilder, KeepsAddressesOfItsLinksAndOneLinkOfAnIndex)
{
    wiring_builder builder;
    const std::size_t node = builder.add_namespace(made_namespace(1, namespace_kind::node));
    builder.add_links(node, {made_link(2, "card"), made_link(2, "again")});
    netlink::link_address one;
    one.link_index = 2;
    one.family = AF_INET;
    one.prefix_length = 24;
    netlink::link_address without = one;
    one.local.emplace().bytes[0] = 10;
    netlink::link_address elsewhere = one;
    elsewhere.link_index = 3;
    netlink::link_address strange = one;
    strange.family = AF_PACKET;
    builder.add_addresses(node, {one, without, elsewhere, strange});
    const wiring made = builder.finish();
    ASSERT_EQ(made.links.size(), 1U);
    EXPECT_EQ(made.links[0].name, "card");
    ASSERT_EQ(made.links[0].addresses.size(), 1U);
    EXPECT_EQ(made.links[0].addresses[0].prefix_length, 24);
}

}  // namespace
}  // namespace nodescope
