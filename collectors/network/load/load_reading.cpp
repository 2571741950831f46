#include "collectors/network/load/load_reading.hpp"

#include "collectors/network/counters/counters.hpp"
#include "collectors/network/load/container_tasks.hpp"
#include "core/files/bounded_file.hpp"
#include "netlink/decode/proc_files.hpp"
#include "netlink/read/conntrack.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/inet_sockets.hpp"
#include "netlink/read/neighbour_tables.hpp"
#include "netlink/read/sysctl_files.hpp"

#include <fmt/format.h>

#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace nodescope {

namespace {

/// The longest of them, netstat, has 5 KiB in Linux 6.18.
constexpr std::size_t tcp_counters_limit = 64UL * 1024UL;
constexpr std::array<std::string_view, 1> port_range_path{"ipv4/ip_local_port_range"};
/// 120 bytes each.
constexpr std::size_t listeners_looked_at = 10'000;

result<findings::tcp_counters> read_tcp_counters(int process_directory)
{
    const auto read = [&](const char* name) -> result<std::vector<counter_group>> {
        const auto text = files::read_file_at(process_directory, name, tcp_counters_limit, name);
        if (!text) return text.error();
        return parse_counter_tables(text->text);
    };
    const auto snmp = read("net/snmp");
    if (!snmp) return snmp.error();
    const auto netstat = read("net/netstat");
    if (!netstat) return netstat.error();
    // What this kernel does not count does not grow.
    findings::tcp_counters made;
    made.sent = counter_called(*snmp, "Tcp", "OutSegs").value_or(0);
    made.retransmitted = counter_called(*snmp, "Tcp", "RetransSegs").value_or(0);
    made.listen_overflows = counter_called(*netstat, "TcpExt", "ListenOverflows").value_or(0);
    made.listen_drops = counter_called(*netstat, "TcpExt", "ListenDrops").value_or(0);
    return made;
}

std::vector<findings::counted_link> counted_links(const std::vector<netlink::detailed_link>& links)
{
    std::vector<findings::counted_link> all;
    all.reserve(std::min(links.size(), most_counted_links));
    for (const netlink::detailed_link& one : links) {
        if (!one.counters || all.size() == most_counted_links) continue;
        findings::counted_link& made = all.emplace_back();
        made.index = one.index;
        made.received = one.counters->received.packets;
        made.sent = one.counters->sent.packets;
        made.received_dropped = one.counters->received.dropped;
        made.sent_dropped = one.counters->sent.dropped;
    }
    return all;
}

result<netlink::conntrack_reading> read_conntrack(part_source& source)
{
    return netlink::blocking_read_conntrack(source.home, source.where.space, source.where.process.directory(),
                                            source.limit, source.abandoned);
}

void take_conntrack(const netlink::conntrack_reading& read, findings::load_counters& to)
{
    if (!read.statistics || !read.statistics->counters) return;
    to.conntrack_insert_failed = (*read.statistics->counters)[CTA_STATS_INSERT_FAILED];
    to.conntrack_dropped = (*read.statistics->counters)[CTA_STATS_DROP];
}

/// All that is not read for another input.
result<counted_network> read_own_counters(part_source& source)
{
    const auto start = source.where.process.start_ticks();
    if (!start) return start.error();
    auto tcp = read_tcp_counters(source.where.process.directory());
    if (!tcp) return tcp.error();
    const auto socket = source.blocking_socket();
    if (!socket) return socket.error();
    auto tables = netlink::blocking_read_neighbour_tables(**socket, source.limit, source.abandoned);
    if (!tables) return tables.error();
    counted_network made;
    made.whose = {source.where.space.identity(), source.where.process.pid(), *start};
    made.counters.tcp = *tcp;
    made.counters.neighbour_tables = std::move(*tables);
    made.counters.at = steady_clock::now();
    return made;
}

void read_tcp(part_source& source, findings::network_model& model)
{
    findings::tcp_load& to = model.tcp;
    const auto texts = netlink::blocking_read_sysctls(source.home, source.where.space, port_range_path);
    if (texts && texts->front()) {
        const auto numbers = netlink::parse_sysctl_numbers(*texts->front());
        const auto is_port = [](std::int64_t one) { return one > 0 && one <= UINT16_MAX; };
        if (numbers.size() == 2 && std::ranges::all_of(numbers, is_port)) {
            to.first_port = static_cast<std::uint16_t>(numbers[0]);
            to.last_port = static_cast<std::uint16_t>(numbers[1]);
        }
    }
    netlink::sockets_options options;
    options.root = source.root;
    options.only_tcp = true;
    options.listeners = listeners_looked_at;
    options.first_port = to.first_port;
    options.last_port = to.last_port;
    auto read = netlink::blocking_read_sockets(source.home, source.where.space, source.where.process.directory(),
                                               options, source.limit, source.abandoned);
    if (!read) {
        to.missing = read.error().message();
        return;
    }
    if (!read->port_uses_complete) to.missing = "there are connections to more destinations than are told apart";
    else if (read->listeners.size() < read->tcp_by_state[TCP_LISTEN]) to.missing = read->note;
    else if (!read->note.empty()) model.notes.emplace_back("sockets", read->note);
    to.listeners = std::move(read->listeners);
    to.queue_limits_known = read->queue_limits_known;
    to.uses = std::move(read->port_uses);
}

void read_exempt(part_source& source, findings::compared_counters& to)
{
    const auto socket = source.blocking_socket();
    if (!socket) return;
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        const auto count = netlink::blocking_count_exempt_neighbours(**socket, family, source.limit);
        if (count) to.exempt.push_back({family, *count});
    }
}

void compare(const counted_network& now, const earlier_counters& earlier, findings::compared_counters& to)
{
    if (earlier.memory != nullptr) to.before = earlier.memory->compare(now.whose, now.counters);
    if (earlier.before && earlier.before->whose == now.whose) to.before = earlier.before->counters;
    to.now = now.counters;
}

void read_counters(part_source& source, const netlink::conntrack_reading* conntrack, const earlier_counters& earlier,
                   findings::network_model& model)
{
    auto own = read_own_counters(source);
    if (!own) {
        model.counters.missing = own.error().message();
        return;
    }
    own->counters.links = counted_links(model.links.items);
    if (model.links.items.size() > most_counted_links) {
        model.notes.emplace_back("drops", fmt::format("only the first {} of {} links were looked at",
                                                      most_counted_links, model.links.items.size()));
    }
    if (conntrack != nullptr) take_conntrack(*conntrack, own->counters);
    compare(*own, earlier, model.counters);
    if (model.is_node) read_exempt(source, model.counters);
}

}  // namespace

result<counted_network> blocking_read_all_counters(part_source& source)
{
    auto made = read_own_counters(source);
    if (!made) return made.error();
    const auto links =
        netlink::blocking_read_detailed_links(**source.blocking_socket(), source.limit, source.abandoned);
    if (!links) return links.error();
    made->counters.links = counted_links(links->items);
    const auto conntrack = read_conntrack(source);
    if (conntrack) take_conntrack(*conntrack, made->counters);
    return made;
}

void blocking_read_load(part_source& source, unsigned needed, const earlier_counters& earlier,
                        findings::network_model& model)
{
    std::optional<result<netlink::conntrack_reading>> conntrack;
    if ((needed & (findings::conntrack_input | findings::counters_input)) != 0) {
        conntrack = read_conntrack(source);
        if (*conntrack) {
            model.conntrack.statistics = (*conntrack)->statistics;
            // Without it there is nothing that could be full.
            if (model.conntrack.statistics && !(*conntrack)->note.empty()) {
                model.notes.emplace_back("conntrack", (*conntrack)->note);
            }
        } else {
            model.conntrack.missing = conntrack->error().message();
        }
    }
    if ((needed & findings::counters_input) != 0) {
        const auto* const read = conntrack && *conntrack ? &**conntrack : nullptr;
        read_counters(source, read, earlier, model);
    }
    if ((needed & findings::sockets_input) != 0) read_tcp(source, model);
    if ((needed & findings::tasks_input) != 0) model.tasks = blocking_read_container_tasks(source);
}

}  // namespace nodescope
