#include "netlink/decode/namespace_figures.hpp"

#include "tests/support/guarded_bytes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::netlink {
namespace {

using number = std::optional<std::uint64_t>;

const std::string snmp =
    "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
    "Tcp: RtoAlgorithm MaxConn CurrEstab OutSegs RetransSegs OutRsts\nTcp: 1 -1 3 1000 20 7\n"
    "Udp: InDatagrams RcvbufErrors SndbufErrors\nUdp: 9 4 5\n"
    "UdpLite: InDatagrams RcvbufErrors SndbufErrors\nUdpLite: 90 40 50\n";
const std::string netstat =
    "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 18446744073709551615 12\n"
    "IpExt: InNoRoutes\nIpExt: 0\n";
const std::string sockstat =
    "sockets: used 16\nTCP: inuse 5 orphan 1 tw 7 alloc 9 mem 219\nUDP: inuse 3 mem 0\nFRAG: inuse 0 memory 0\n";
const std::string sockstat6 = "TCP6: inuse 4\nUDP6: inuse 2\nFRAG6: inuse 0 memory 0\n";
const std::string snmp6 =
    "Ip6InReceives 1\nUdp6RcvbufErrors                	10\nUdp6SndbufErrors 20\nUdpLite6RcvbufErrors 9\n";

namespace_figures all_of(std::string_view text)
{
    namespace_figures made;
    take_counter_tables(text, made);
    take_socket_counts(text, made);
    take_counter_list(text, made);
    return made;
}

TEST(NamespaceFigures, AreThoseOfTheFiles)
{
    namespace_figures made;
    take_counter_tables(snmp, made);
    EXPECT_EQ(made.tcp_established, number(3));
    EXPECT_EQ(made.tcp_sent_segments, number(1000));
    EXPECT_EQ(made.tcp_retransmitted_segments, number(20));
    EXPECT_EQ(made.udp_receive_buffer_errors, number(4));
    EXPECT_EQ(made.udp_send_buffer_errors, number(5));
    EXPECT_EQ(made.tcp_listen_overflows, number());
    take_counter_tables(netstat, made);
    EXPECT_EQ(made.tcp_listen_overflows, number(UINT64_MAX));
    EXPECT_EQ(made.tcp_listen_drops, number(12));
    take_socket_counts(sockstat, made);
    EXPECT_EQ(made.tcp_sockets, number(5));
    EXPECT_EQ(made.tcp_time_wait, number(7));
    EXPECT_EQ(made.udp_sockets, number(3));
    EXPECT_EQ(made.conntrack_entries, number());
}

TEST(NamespaceFigures, AddBothFamilies)
{
    namespace_figures made;
    take_counter_tables(snmp, made);
    take_socket_counts(sockstat, made);
    take_counter_list(snmp6, made);
    take_socket_counts(sockstat6, made);
    EXPECT_EQ(made.udp_receive_buffer_errors, number(14));
    EXPECT_EQ(made.udp_send_buffer_errors, number(25));
    EXPECT_EQ(made.tcp_sockets, number(9));
    EXPECT_EQ(made.udp_sockets, number(5));
}

TEST(NamespaceFigures, AreNotGuessed)
{
    for (const char* text :
         {"", "\n", "Tcp:", "Tcp: OutSegs\n", "Tcp: OutSegs\nUdp: 5\n", "Tcp: OutSegs\nTcp:\n",
          "Tcp: OutSegs\nTcp: -5\n", "Tcp: OutSegs\nTcp: 5x\n", "Tcp: OutSegs\nTcp: 18446744073709551616\n",
          "TcpX: OutSegs\nTcpX: 5\n", "OutSegs 5\n", "TCP: inuse\n", "TCP: inuse x tw -1\n", "tw 7\n",
          "Udp6RcvbufErrors\n", "Udp6RcvbufErrors -1\n"}) {
        const namespace_figures made = all_of(text);
        EXPECT_EQ(made.tcp_sent_segments, number()) << text;
        EXPECT_EQ(made.tcp_sockets, number()) << text;
        EXPECT_EQ(made.tcp_time_wait, number()) << text;
        EXPECT_EQ(made.udp_receive_buffer_errors, number()) << text;
    }
}

TEST(NamespaceFigures, SurviveACutAnywhere)
{
    for (const std::string& whole : {snmp, netstat, sockstat, sockstat6, snmp6}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const testing::guarded_bytes cut(std::string_view(whole).substr(0, size));
            const namespace_figures made = all_of(cut.view());
            EXPECT_LE(made.tcp_sent_segments.value_or(0), 1000U);
            EXPECT_LE(made.tcp_sockets.value_or(0), 5U);
            EXPECT_LE(made.udp_receive_buffer_errors.value_or(0), 10U);
        }
    }
}

}  // namespace
}  // namespace nodescope::netlink
