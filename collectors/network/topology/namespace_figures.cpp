#include "collectors/network/topology/namespace_figures.hpp"

#include <linux/netfilter/nfnetlink_conntrack.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace nodescope {

namespace {

using figure = std::optional<std::uint64_t>;

/// None where neither is known.
figure sum_of(const figure& one, const figure& other)
{
    if (!one) return other;
    return *one + other.value_or(0);
}

}  // namespace

void take_counters(const network_counters& read, namespace_figures& to)
{
    to.tcp_established = counter_called(read.snmp, "Tcp", "CurrEstab");
    to.tcp_sent_segments = counter_called(read.snmp, "Tcp", "OutSegs");
    to.tcp_retransmitted_segments = counter_called(read.snmp, "Tcp", "RetransSegs");
    to.tcp_listen_overflows = counter_called(read.netstat, "TcpExt", "ListenOverflows");
    to.tcp_listen_drops = counter_called(read.netstat, "TcpExt", "ListenDrops");
    // "orphan", "alloc" and "mem" stand beside them, and are about the whole machine (net/ipv4/proc.c,
    // sockstat_seq_show).
    to.tcp_time_wait = counter_called(read.sockstat, "TCP", "tw");
    const auto groups6 = read.sockstat6.value_or(std::vector<counter_group>());
    to.tcp_sockets = sum_of(counter_called(read.sockstat, "TCP", "inuse"), counter_called(groups6, "TCP6", "inuse"));
    to.udp_sockets = sum_of(counter_called(read.sockstat, "UDP", "inuse"), counter_called(groups6, "UDP6", "inuse"));
    const auto list6 = read.snmp6.value_or(std::vector<network_counter>());
    to.udp_receive_buffer_errors =
        sum_of(counter_called(read.snmp, "Udp", "RcvbufErrors"), counter_called(list6, "Udp6RcvbufErrors"));
    to.udp_send_buffer_errors =
        sum_of(counter_called(read.snmp, "Udp", "SndbufErrors"), counter_called(list6, "Udp6SndbufErrors"));
}

void take_conntrack(const netlink::conntrack_reading& read, namespace_figures& to)
{
    // Where this kernel tracks no connections the note says so, and nothing is missing.
    if (!read.statistics) return;
    to.missing = read.note;
    to.conntrack_entries = read.statistics->count;
    to.conntrack_limit = read.statistics->max;
    if (!read.statistics->counters) return;
    const netlink::conntrack_counters& counted = *read.statistics->counters;
    to.conntrack_insert_failed = counted[CTA_STATS_INSERT_FAILED];
    to.conntrack_dropped = counted[CTA_STATS_DROP];
    to.conntrack_early_dropped = counted[CTA_STATS_EARLY_DROP];
}

result<namespace_figures> blocking_read_namespace_figures(const netlink::net_namespace& home,
                                                          const netlink::net_namespace& target, int process_directory,
                                                          deadline limit, const abandon_flag& abandoned)
{
    namespace_figures made;
    // Whoever has no right to ask for connections still gets the counters.
    const auto conntrack = netlink::blocking_read_conntrack(home, target, process_directory, limit, abandoned);
    if (conntrack) take_conntrack(*conntrack, made);
    else if (conntrack.error().kind() == failure::cancelled) return conntrack.error();
    else made.missing = conntrack.error().message();
    const auto counters = blocking_read_counters(process_directory, limit, abandoned);
    if (!counters) return counters.error();
    take_counters(*counters, made);
    return made;
}

}  // namespace nodescope
