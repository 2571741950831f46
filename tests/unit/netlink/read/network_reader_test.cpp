#include "netlink/read/network_reader.hpp"

#include "netlink/text/route.hpp"

#include "tests/support/namespace_child.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace nodescope::netlink {
namespace {

using namespace std::chrono_literals;
using testing::namespace_child;

constexpr std::string_view heading =
    "Kernel IP routing table\n"
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n";

class ReadRoutes : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!namespace_child::is_possible()) GTEST_SKIP() << "making network namespaces needs root";
        child_ = std::make_unique<namespace_child>();
    }
    void in_namespace(const std::string& command) const
    {
        ASSERT_EQ(std::system(fmt::format("nsenter -t {} -n sh -c '{}'", child_->pid(), command).c_str()), 0);
    }
    result<routes> read(routes_limits limits = {}, route_selection which = {AF_INET, RT_TABLE_MAIN}) const
    {
        auto socket =
            netlink_socket::open_in(*net_namespace::of_this_thread(),
                                    *net_namespace::of_process(child_->proc_directory().get()), NETLINK_ROUTE);
        if (!socket) return socket.error();
        return blocking_read_routes(*socket, which, {}, limits, limit_, abandoned_);
    }
    result<ipv6_routes> read6(routes_limits limits = {}) const
    {
        return blocking_read_routes6(child_->proc_directory().get(), limits, limit_, abandoned_);
    }
    static std::string text_of(const routes& read)
    {
        std::size_t lines = 0;
        return route_text(read.items, read.interfaces, {}, lines);
    }
    static std::string text_of(const ipv6_routes& read)
    {
        std::size_t lines = 0;
        return route6_text(read.items, {}, lines);
    }

    std::unique_ptr<namespace_child> child_;
    deadline limit_ = deadline::in(10s);
    abandon_flag abandoned_;
};

TEST_F(ReadRoutes, GivesTheHeadingWhereThereIsNoMainTableYet)
{
    const auto got = read();
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(text_of(*got), heading);
    EXPECT_EQ(got->items.size(), 0U);
    EXPECT_TRUE(got->consistent);
    EXPECT_FALSE(got->truncated);
}

TEST_F(ReadRoutes, ReadsTheMainTableOnly)
{
    in_namespace(
        "ip link set lo up; ip route add 10.1.0.0/16 dev lo metric 3; ip route add 10.2.0.0/16 dev lo table 7");
    const auto got = read();
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(text_of(*got),
              std::string(heading) + "10.1.0.0        0.0.0.0         255.255.0.0     U     3      0        0 lo\n");
    EXPECT_EQ(got->items.size(), 1U);
    EXPECT_EQ(got->damaged, 0U);
}

TEST_F(ReadRoutes, ReadsEveryTableOfBothFamilies)
{
    in_namespace(
        "ip link set lo up; ip route add 10.1.0.0/16 dev lo; ip route add 10.2.0.0/16 dev lo table 7; "
        "ip route add 2001:db8::/32 dev lo; ip nexthop add id 5 blackhole; "
        "sysctl -qw net.ipv4.nexthop_compat_mode=0; ip route add 10.3.0.0/16 nhid 5");
    const auto of = [&](route_selection which) {
        const auto got = read({}, which);
        EXPECT_TRUE(got) << got.error();
        return got ? got->items : std::vector<route>();
    };
    const std::vector<route> all = of({});
    EXPECT_EQ(all.size(), of({AF_INET}).size() + of({AF_INET6}).size());
    const auto is_in_7 = [](const route& told) { return told.table == 7; };
    EXPECT_EQ(std::ranges::count_if(all, is_in_7), 1);
    EXPECT_EQ(of({AF_INET, 7}).size(), 1U);
    EXPECT_EQ(of({AF_INET6, 7}).size(), 0U) << "a table that does not exist";
    const auto ipv6 = std::ranges::find(
        all, 32, [](const route& told) { return told.family == AF_INET6 ? told.destination_length : 0; });
    ASSERT_NE(ipv6, all.end());
    EXPECT_EQ(ipv6->preference, 0);
    const auto blackhole = std::ranges::find(all, 5U, &route::nexthop_id);
    ASSERT_NE(blackhole, all.end());
    ASSERT_EQ(blackhole->hops.size(), 1U);
    EXPECT_TRUE(blackhole->hops[0].blackhole);
    EXPECT_EQ(blackhole->hops[0].interface_index, 0U);
}

TEST_F(ReadRoutes, CutsATableLongerThanTheLimitAndSaysSo)
{
    in_namespace("ip link set lo up; for i in $(seq 1 200); do echo route add 10.1.$i.0/24 dev lo; done | ip -b -");
    const auto all = read({.routes = 200});
    ASSERT_TRUE(all) << all.error();
    EXPECT_EQ(all->items.size(), 200U);
    EXPECT_FALSE(all->truncated);
    const auto cut = read({.routes = 199});
    ASSERT_TRUE(cut) << cut.error();
    EXPECT_EQ(cut->items.size(), 199U);
    EXPECT_TRUE(cut->truncated);
    EXPECT_NE(text_of(*cut).find(" lo\n"), std::string::npos) << "names are still asked after a dump was cut";
    EXPECT_EQ(text_of(*cut).find(" if1\n"), std::string::npos);
}

TEST_F(ReadRoutes, ResolvesNexthopObjectsWhereTheKernelTellsTheirIdOnly)
{
    in_namespace(
        "ip link set lo up; sysctl -qw net.ipv4.nexthop_compat_mode=0; ip nexthop add id 5 dev lo; "
        "ip route add 10.1.0.0/16 nhid 5");
    const auto got = read();
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(text_of(*got),
              std::string(heading) + "10.1.0.0        0.0.0.0         255.255.0.0     U     0      0        0 lo\n");
}

TEST_F(ReadRoutes, StopsWhenTheCallerWentAway)
{
    abandoned_.raise();
    EXPECT_EQ(read().error().kind(), failure::cancelled);
    EXPECT_EQ(read6().error().kind(), failure::cancelled);
}

TEST_F(ReadRoutes, StopsAtItsDeadline)
{
    limit_ = deadline::in(0ms);
    EXPECT_EQ(read6().error(), error(failure::timed_out, "read net/ipv6_route: not finished within 0ms"));
}

TEST_F(ReadRoutes, ReadsIpv6OfTheProcessesNamespace)
{
    in_namespace(
        "ip link set lo up; for i in $(seq 1 150); do echo route add 2001:db8:$i::/48 dev lo; done | ip -6 -b -");
    const auto all = read6();
    ASSERT_TRUE(all) << all.error();
    EXPECT_GT(all->items.size(), 150U);
    EXPECT_FALSE(all->truncated);
    EXPECT_NE(text_of(*all).find("\n2001:db8:77::/48 "), std::string::npos);
    const auto cut = read6({.routes = 20});
    ASSERT_TRUE(cut) << cut.error();
    EXPECT_EQ(cut->items.size(), 20U);
    EXPECT_TRUE(cut->truncated);
    EXPECT_EQ(text_of(*all).substr(0, text_of(*cut).size()), text_of(*cut));
    const auto exact = read6({.routes = all->items.size()});
    EXPECT_FALSE(exact->truncated);
}

TEST_F(ReadRoutes, StopsReadingTheFileWhenNobodyWaitsOrTheTimeIsUp)
{
    const unique_fd directory = child_->proc_directory();
    EXPECT_EQ(blocking_read_routes6(directory.get(), {}, deadline::in(0s), abandoned_).error(),
              error(failure::timed_out, "read net/ipv6_route: not finished within 0ms"));
    abandoned_.raise();
    EXPECT_EQ(blocking_read_routes6(directory.get(), {}, limit_, abandoned_).error(),
              error(failure::cancelled, "read net/ipv6_route: nobody waits for the answer any more"));
}

TEST_F(ReadRoutes, SaysThatTheProcessHasEnded)
{
    const int directory = ::dup(child_->proc_directory().get());
    child_.reset();
    EXPECT_EQ(blocking_read_routes6(directory, {}, limit_, abandoned_).error().kind(), failure::gone);
    ::close(directory);
}

TEST(ReadAddresses, StopsWhenNobodyWaitsAndAtTheLimits)
{
    if (!namespace_child::is_possible()) GTEST_SKIP() << "making network namespaces needs root";
    const namespace_child child;
    const deadline limit = deadline::in(10s);
    auto socket = netlink_socket::open_in(*net_namespace::of_this_thread(),
                                          *net_namespace::of_process(child.proc_directory().get()), NETLINK_ROUTE);
    ASSERT_TRUE(socket) << socket.error();
    abandon_flag abandoned;

    const auto whole = blocking_read_addresses(*socket, "/", {}, limit, abandoned);
    const auto cut = blocking_read_addresses(*socket, "/", {.links = 0}, limit, abandoned);
    abandoned.raise();
    const auto dropped = blocking_read_addresses(*socket, "/", {}, limit, abandoned);

    ASSERT_TRUE(whole) << whole.error();
    ASSERT_EQ(whole->links.size(), 1U);
    EXPECT_EQ(whole->links[0].name, "lo");
    EXPECT_EQ(whole->links[0].mtu, 65536U);
    EXPECT_TRUE(whole->consistent);
    EXPECT_FALSE(whole->truncated);
    EXPECT_EQ(whole->damaged, 0U);
    ASSERT_TRUE(cut) << cut.error();
    EXPECT_TRUE(cut->truncated);
    EXPECT_TRUE(cut->links.empty());
    ASSERT_FALSE(dropped);
    EXPECT_EQ(dropped.error().kind(), failure::cancelled);
}

}  // namespace
}  // namespace nodescope::netlink
