// What a kernel (or a hostile recording of one) may answer to a dump: framing of datagrams, then every decoder on every
// message.
#include "core/json/strict.hpp"
#include "core/json/writer.hpp"
#include "netlink/decode/conntrack.hpp"
#include "netlink/decode/decode.hpp"
#include "netlink/decode/filter_rules.hpp"
#include "netlink/decode/inet_socket.hpp"
#include "netlink/decode/link_settings.hpp"
#include "netlink/decode/packet_filters.hpp"
#include "netlink/json/link.hpp"
#include "netlink/json/neighbour.hpp"
#include "netlink/json/packet_filters.hpp"
#include "netlink/json/queue_discipline.hpp"
#include "netlink/json/route.hpp"
#include "netlink/json/settings.hpp"
#include "netlink/json/sockets.hpp"
#include "netlink/read/dump.hpp"
#include "netlink/read/dump_protocol.hpp"
#include "netlink/text/ip_addr.hpp"
#include "netlink/text/iproute_names.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace nodescope;
using namespace nodescope::netlink;

namespace {

/// What is decoded in full, and the JSON that is written of it.
void decode_details(byte_span message, std::size_t& damaged)
{
    static const link_index links(std::vector<detailed_link>{});
    static iproute_names names("/nonexistent");
    const json_context context(links, names);
    std::string out;
    json_writer json(out);
    detailed_link link;
    if (decode(message, link, damaged)) write_link(json, link, {}, context);
    detailed_route route;
    if (decode(message, route, damaged)) {
        write_route(json, route, {}, context);
        write_resolved_route(json, route, context);
    }
    detailed_nexthop nexthop;
    if (decode(message, nexthop, damaged)) write_nexthop(json, nexthop, context);
    detailed_rule rule;
    if (decode(message, rule, damaged)) write_rule(json, rule, context);
    neighbour entry;
    if (decode(message, entry, damaged)) {
        write_neighbour(json, entry, context);
        write_forwarding_entry(json, entry, context);
    }
    neighbour_table table;
    decode(message, table, damaged);
    queue_discipline discipline;
    if (decode(message, discipline, damaged)) write_queue_discipline(json, discipline, context);
    // The values stand side by side, with commas.
    if (!out.empty() && !strict_json_document("[" + out + "]", {64, 1000000})) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    // Netlink messages are aligned in a real receive buffer.
    std::vector<std::byte> datagram(size);
    std::size_t given = 0;
    const detail::dump_connection connection = {
        [] { return result<std::uint32_t>(1U); },
        [&]() -> result<std::span<const std::byte>> {
            if (given++ != 0) return error(failure::timed_out, "no more");
            for (std::size_t i = 0; i < size; ++i) datagram[i] = static_cast<std::byte>(bytes[i]);
            return std::span<const std::byte>(datagram);
        },
    };
    std::vector<netlink::link> links;
    std::vector<link_address> addresses;
    std::vector<nexthop_object> nexthops;
    socket_list sockets;
    network_settings settings;
    conntrack_counters sum;
    nft_table_summary summary;
    std::size_t damaged = 0;
    const dump_reader reader = {
        [] {},
        [&](const nlmsghdr& message) {
            const byte_span whole = bytes_of(message);
            const auto decode_into = [&](auto& items) {
                if (!decode(whole, items.emplace_back(), damaged)) items.pop_back();
            };
            decode_into(links);
            decode_into(addresses);
            decode_into(nexthops);
            decode_into(sockets.items);
            decode_into(settings.links);
            conntrack_counters counters;
            if (decode(whole, counters, damaged)) add_counters(sum, counters);
            (void)state_of_socket(whole);
            netlink::route route;
            if (decode(whole, route, damaged)) resolve_nexthop(route, nexthops);
            interface_name name;
            decode(whole, name, damaged);
            nft_table table;
            decode(whole, table, damaged);
            nft_chain chain;
            decode(whole, chain, damaged);
            decode_details(whole, damaged);
            decode_into(summary.base_chains);
            decode(whole, summary.table, damaged);
            (void)place_of_rule(whole);
            (void)decode_nft_rule(whole);
            for (const auto* const layout : {&ipt_layout, &ip6t_layout}) {
                (void)count_legacy_rules(whole, *layout, 3);
                (void)decode_legacy_rules(whole, *layout, 0, static_cast<std::int64_t>(layout->size), 100'000);
            }
            routing_rule rule;
            decode(whole, rule, damaged);
        },
    };
    bool finished = false;
    const dump_limits limits = {1000, 1000000};
    (void)detail::run_dump(connection, "messages", limits, reader, deadline::in(std::chrono::seconds(1)), finished);
    iproute_names names_of_numbers("/nonexistent");
    std::string json;
    json_writer out(json);
    write_all_sockets(out, sockets);
    write_settings(out, settings);
    packet_filters filters;
    filters.nft.emplace().push_back(std::move(summary));
    write_filters(out, filters);
    (void)ip_addr_text(links, addresses, names_of_numbers, {});
    return 0;
}
