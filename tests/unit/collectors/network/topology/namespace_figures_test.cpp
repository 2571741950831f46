// Which counters are which figures. How the files themselves are read is counters_test's.
#include "collectors/network/topology/namespace_figures.hpp"

#include <gtest/gtest.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <cstdint>
#include <optional>

namespace nodescope {
namespace {

using number = std::optional<std::uint64_t>;

network_counters of_ipv4()
{
    network_counters read;
    read.snmp = parse_counter_tables(
        "Tcp: MaxConn CurrEstab OutSegs RetransSegs\nTcp: -1 3 1000 20\n"
        "Udp: InDatagrams RcvbufErrors SndbufErrors\nUdp: 9 4 5\n"
        "UdpLite: InDatagrams RcvbufErrors SndbufErrors\nUdpLite: 90 40 50\n");
    read.netstat = parse_counter_tables("TcpExt: ListenOverflows ListenDrops\nTcpExt: 18446744073709551615 12\n");
    read.sockstat = parse_counter_lines("TCP: inuse 5 orphan 1 tw 7 alloc 9 mem 219\nUDP: inuse 3 mem 0\n");
    return read;
}

TEST(NamespaceFigures, AreAmongTheCounters)
{
    namespace_figures made;
    take_counters(of_ipv4(), made);
    EXPECT_EQ(made.tcp_established, number(3));
    EXPECT_EQ(made.tcp_sent_segments, number(1000));
    EXPECT_EQ(made.tcp_retransmitted_segments, number(20));
    EXPECT_EQ(made.tcp_listen_overflows, number(UINT64_MAX));
    EXPECT_EQ(made.tcp_listen_drops, number(12));
    EXPECT_EQ(made.tcp_time_wait, number(7));
    EXPECT_EQ(made.tcp_sockets, number(5));
    EXPECT_EQ(made.udp_sockets, number(3));
    EXPECT_EQ(made.udp_receive_buffer_errors, number(4));
    EXPECT_EQ(made.udp_send_buffer_errors, number(5));
    EXPECT_EQ(made.conntrack_entries, number());
}

TEST(NamespaceFigures, AreOfBothFamilies)
{
    network_counters read = of_ipv4();
    read.snmp6 = parse_counter_list("Udp6RcvbufErrors 10\nUdp6SndbufErrors 20\nUdpLite6RcvbufErrors 9\n");
    read.sockstat6 = parse_counter_lines("TCP6: inuse 4\nUDP6: inuse 2\nFRAG6: inuse 0 memory 0\n");
    namespace_figures made;
    take_counters(read, made);
    EXPECT_EQ(made.udp_receive_buffer_errors, number(14));
    EXPECT_EQ(made.udp_send_buffer_errors, number(25));
    EXPECT_EQ(made.tcp_sockets, number(9));
    EXPECT_EQ(made.udp_sockets, number(5));
}

TEST(NamespaceFigures, AreNotGuessed)
{
    network_counters read;
    read.snmp = parse_counter_tables("Tcp: OutSegs\nTcp: -5\nUdp: InDatagrams\nUdp: 1\n");
    read.sockstat = parse_counter_lines("TCP: inuse x tw -1\n");
    namespace_figures made;
    take_counters(read, made);
    EXPECT_EQ(made.tcp_sent_segments, number());
    EXPECT_EQ(made.tcp_sockets, number());
    EXPECT_EQ(made.tcp_time_wait, number());
    EXPECT_EQ(made.udp_receive_buffer_errors, number());
}

TEST(NamespaceFigures, OfConnections)
{
    netlink::conntrack_reading read;
    read.note = "this kernel tracks no connections";
    namespace_figures made;
    take_conntrack(read, made);
    EXPECT_EQ(made.missing, "");
    EXPECT_EQ(made.conntrack_limit, number());

    read.statistics.emplace();
    read.statistics->count = 7;
    read.statistics->max = 100;
    read.note = "no right to ask for its counters";
    take_conntrack(read, made);
    EXPECT_EQ(made.missing, read.note);
    EXPECT_EQ(made.conntrack_entries, number(7));
    EXPECT_EQ(made.conntrack_limit, number(100));
    EXPECT_EQ(made.conntrack_dropped, number());

    read.statistics->counters.emplace();
    (*read.statistics->counters)[CTA_STATS_DROP] = 3;
    take_conntrack(read, made);
    EXPECT_EQ(made.conntrack_dropped, number(3));
    EXPECT_EQ(made.conntrack_insert_failed, number()) << "this kernel does not count it";
}

}  // namespace
}  // namespace nodescope
