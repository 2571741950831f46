#include "netlink/read/route_query.hpp"

#include "tests/unit/netlink/read/in_namespace.hpp"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <cerrno>
#include <string>
#include <vector>

namespace nodescope::netlink {
namespace {

network_address address(int family, const std::string& text)
{
    network_address made;
    EXPECT_EQ(::inet_pton(family, text.c_str(), made.bytes.data()), 1) << text;
    return made;
}

class AskRoute : public testing::in_namespace {
protected:
    route_answer ask(const route_question& asked) const
    {
        auto socket = netlink_socket::open_in(*home_, *target_, NETLINK_ROUTE).value();
        const auto got = blocking_ask_route(socket, asked, limit_);
        EXPECT_TRUE(got) << got.error();
        return got ? *got : route_answer();
    }
    static route_question to(const std::string& text, int family = AF_INET)
    {
        route_question asked;
        asked.family = static_cast<std::uint8_t>(family);
        asked.destination = address(family, text);
        return asked;
    }
};

TEST_F(AskRoute, AnswersWhatIsThereAndWhatIsNot)
{
    run("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && ip addr add 10.0.0.2/24 "
        "dev v0 "
        "&& ip route add default via 10.0.0.1 && ip route add blackhole 10.9.0.0/16 && ip route add prohibit "
        "10.8.0.0/16 "
        "&& ip route add unreachable 10.7.0.0/16");
    const auto out = ask(to("192.0.2.1"));
    ASSERT_TRUE(out.route);
    EXPECT_EQ(out.route->type, RTN_UNICAST);
    EXPECT_EQ(out.route->hops.at(0).gateway, address(AF_INET, "10.0.0.1"));
    EXPECT_EQ(out.route->preferred_source, address(AF_INET, "10.0.0.2"));
    EXPECT_EQ(out.route->table, RT_TABLE_MAIN);
    EXPECT_EQ(ask(to("10.0.0.2")).route.value().type, RTN_LOCAL);
    EXPECT_EQ(ask(to("::1", AF_INET6)).route.value().type, RTN_LOCAL);
    EXPECT_EQ(ask(to("10.9.0.1")).refused, EINVAL);
    EXPECT_EQ(ask(to("10.8.0.1")).refused, EACCES);
    EXPECT_EQ(ask(to("10.7.0.1")).refused, EHOSTUNREACH);
    EXPECT_EQ(ask(to("2001:db8::1", AF_INET6)).refused, ENETUNREACH);
    EXPECT_FALSE(ask(to("2001:db8::1", AF_INET6)).route);
}

TEST_F(AskRoute, HasThePacketsOwnMarkPortAndInterface)
{
    run("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && ip addr add 10.0.0.2/24 "
        "dev v0 "
        "&& ip route add default via 10.0.0.1 && ip route add default via 10.0.0.7 table 7 && ip route add default via "
        "10.0.0.8 table 8 && ip rule add fwmark 3 lookup 7 && ip rule add ipproto udp dport 53 lookup 8");
    route_question asked = to("192.0.2.1");
    asked.mark = 3;
    EXPECT_EQ(ask(asked).route.value().table, 7U);
    asked.mark = 0;
    asked.protocol = IPPROTO_UDP;
    asked.port = 53;
    EXPECT_EQ(ask(asked).route.value().table, 8U);
    asked.port = 54;
    EXPECT_EQ(ask(asked).route.value().table, RT_TABLE_MAIN);
    // It does not forward.
    run("echo 0 > /proc/sys/net/ipv4/ip_forward");
    const auto index = there([] { return ::if_nametoindex("v0"); });
    asked.input_interface = index;
    asked.source = address(AF_INET, "10.0.0.9");
    EXPECT_EQ(ask(asked).refused, EHOSTUNREACH);
    run("echo 1 > /proc/sys/net/ipv4/ip_forward");
    EXPECT_EQ(ask(asked).route.value().input_interface, index);
}

TEST_F(AskRoute, AnInterfaceThatIsGoneIsAFailure)
{
    route_question asked = to("192.0.2.1");
    asked.input_interface = 4711;
    asked.source = address(AF_INET, "10.0.0.9");
    auto socket = netlink_socket::open_in(*home_, *target_, NETLINK_ROUTE).value();
    const auto got = blocking_ask_route(socket, asked, limit_);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::gone);
}

TEST_F(AskRoute, RoutersThatWouldBeProbed)
{
    run("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && ip addr add 2001:db8::2/64 "
        "dev v0 "
        "nodad && ip route add default via 2001:db8::1 && echo 0 > /proc/sys/net/ipv6/conf/all/forwarding");
    auto socket = netlink_socket::open_in(*home_, *target_, NETLINK_ROUTE).value();
    const auto probing = [&](const route_question& asked) {
        return blocking_find_probing_routes(socket, *target_, asked, limit_, abandoned_).value().size();
    };
    EXPECT_EQ(probing(to("2001:db8:5::1", AF_INET6)), 1U);
    EXPECT_EQ(probing(to("2001:db8::9", AF_INET6)), 0U);
    EXPECT_EQ(probing(to("2001:db8::2", AF_INET6)), 0U);
    EXPECT_EQ(probing(to("192.0.2.1")), 0U);
    run("ip neigh add 2001:db8::1 lladdr 02:00:00:00:00:01 dev v0");
    EXPECT_EQ(probing(to("2001:db8:5::1", AF_INET6)), 0U);
    run("ip neigh del 2001:db8::1 dev v0; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding");
    EXPECT_EQ(probing(to("2001:db8:5::1", AF_INET6)), 0U);
}

class ProbingRoutes : public ::testing::Test {
protected:
    detailed_route& add(const std::string& destination, std::uint8_t length, const std::string& gateway,
                        std::uint32_t table = RT_TABLE_MAIN)
    {
        detailed_route& one = routes_.emplace_back();
        one.family = AF_INET6;
        one.table = table;
        one.destination = address(AF_INET6, destination);
        one.destination_length = length;
        if (gateway.empty()) return one;
        next_hop& hop = one.hops.emplace_back();
        hop.interface_index = 3;
        hop.gateway = address(AF_INET6, gateway);
        hop.gateway_family = AF_INET6;
        return one;
    }
    void know(const std::string& gateway, std::uint16_t state)
    {
        neighbour& one = known_.emplace_back();
        one.interface_index = 3;
        one.address = address(AF_INET6, gateway);
        one.state = state;
    }
    [[nodiscard]] std::size_t count(const std::string& destination = "2001:db8:5::1") const
    {
        return probing_routes(routes_, known_, objects_, address(AF_INET6, destination)).size();
    }

    std::vector<detailed_route> routes_;
    std::vector<neighbour> known_;
    std::vector<nexthop_object> objects_;
};

TEST_F(ProbingRoutes, OnlyTheLongestPrefixOfATableCounts)
{
    add("::", 0, "fe80::1");
    EXPECT_EQ(count(), 1U);
    add("2001:db8:4::", 46, "");
    EXPECT_EQ(count(), 0U);
    EXPECT_EQ(count("2001:db8:8::1"), 1U);
    add("::", 0, "fe80::1", 77);
    EXPECT_EQ(count(), 1U);
}

TEST_F(ProbingRoutes, WhatIsDeadIsPassedOver)
{
    add("::", 0, "fe80::1");
    add("2001:db8::", 32, "fe80::2").hops[0].flags = RTNH_F_DEAD;
    know("fe80::1", NUD_STALE);
    EXPECT_EQ(count(), 0U);
    known_[0].state = NUD_FAILED;
    EXPECT_EQ(count(), 1U);
    known_[0].state = NUD_REACHABLE;
    known_[0].interface_index = 4;
    EXPECT_EQ(count(), 1U);
}

TEST_F(ProbingRoutes, OneOfSeveralHopsIsEnough)
{
    auto& route = add("::", 0, "fe80::1");
    route.hops.push_back(route.hops[0]);
    route.hops[1].gateway = address(AF_INET6, "fe80::2");
    know("fe80::1", NUD_REACHABLE);
    EXPECT_EQ(count(), 1U);
    know("fe80::2", NUD_REACHABLE);
    EXPECT_EQ(count(), 0U);
}

TEST_F(ProbingRoutes, HopsOfANexthopObject)
{
    add("::", 0, "").nexthop_id = 9;
    nexthop_object object;
    object.id = 9;
    object.hop.gateway_family = AF_INET6;
    object.hop.interface_index = 3;
    objects_.push_back(object);
    EXPECT_EQ(count(), 1U);
}

TEST_F(ProbingRoutes, WhatIsHereGoesNoFurther)
{
    add("::", 0, "fe80::1");
    add("2001:db8:5::1", 128, "", RT_TABLE_LOCAL);
    EXPECT_EQ(count(), 0U);
    EXPECT_EQ(count("2001:db8:5::2"), 1U);
}

}  // namespace
}  // namespace nodescope::netlink
