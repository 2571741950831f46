#include "netlink/read/neighbour_tables.hpp"

#include "tests/unit/netlink/read/in_namespace.hpp"

#include <sys/socket.h>

#include <linux/netlink.h>

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace nodescope::netlink {
namespace {

using ReadNeighbourTables = testing::in_namespace;

/// The numbers behind "thresh3" in what iproute2 prints of the node's tables.
std::string limits_by_iproute2()
{
    FILE* const program = ::popen("ip ntable show | sed -n 's/.*thresh3 \\([0-9]*\\).*/\\1/p' | tr '\\n' ' '", "r");
    std::string text;
    char line[64];
    while (program != nullptr && std::fgets(line, sizeof line, program) != nullptr) text += line;
    if (program != nullptr) ::pclose(program);
    return text;
}

TEST_F(ReadNeighbourTables, AreTheNodesInEveryNamespace)
{
    auto socket = netlink_socket::open_in(*home_, *target_, NETLINK_ROUTE);
    ASSERT_TRUE(socket) << socket.error();
    const auto tables = blocking_read_neighbour_tables(*socket, limit_, abandoned_);
    ASSERT_TRUE(tables) << tables.error();
    ASSERT_EQ(tables->size(), 2U);
    std::string limits;
    for (const neighbour_table& one : *tables) {
        limits += std::to_string(*one.gc_thresh3) + ' ';
        EXPECT_EQ(one.name, one.family == AF_INET6 ? "ndisc_cache" : "arp_cache");
        EXPECT_TRUE(one.table_fulls);
    }
    EXPECT_EQ(limits, limits_by_iproute2());
}

TEST_F(ReadNeighbourTables, PermanentAndLearnedEntriesCountForNoLimit)
{
    run("ip link add v0 type veth peer name v1; ip link set v0 up; ip addr add 10.0.0.1/24 dev v0");
    auto socket = netlink_socket::open_in(*home_, *target_, NETLINK_ROUTE);
    ASSERT_TRUE(socket) << socket.error();
    EXPECT_EQ(blocking_count_exempt_neighbours(*socket, AF_INET, limit_).value(), 0U);
    run("for i in 2 3 4; do ip neigh add 10.0.0.$i lladdr 02:00:00:00:00:01 dev v0 nud permanent; done");
    run("ip neigh add 10.0.0.5 lladdr 02:00:00:00:00:01 dev v0 nud reachable");
    run("ip neigh add 10.0.0.6 lladdr 02:00:00:00:00:01 dev v0 extern_learn nud reachable");
    run("ip neigh add fd00::6 lladdr 02:00:00:00:00:01 dev v0 nud permanent");
    EXPECT_EQ(blocking_count_exempt_neighbours(*socket, AF_INET, limit_).value(), 4U);
    EXPECT_EQ(blocking_count_exempt_neighbours(*socket, AF_INET6, limit_).value(), 1U);
    abandoned_.raise();
    EXPECT_EQ(blocking_read_neighbour_tables(*socket, limit_, abandoned_).error().kind(), failure::cancelled);
}

}  // namespace
}  // namespace nodescope::netlink
