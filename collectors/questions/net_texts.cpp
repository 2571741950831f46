#include "collectors/questions/net_texts.hpp"

#include "collectors/questions/completeness_note.hpp"
#include "core/text.hpp"
#include "netlink/text/ip_addr.hpp"
#include "netlink/text/route.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace nodescope {

namespace {

/// Of tables that rules name: nobody has more.
constexpr std::size_t named_tables = 8;

void add_note(text_part& part, std::string_view clause) { append_clause(part.note, clause, ", "); }

// A view of what was read, with what must be said beside it. `count` items of `noun` are in the text.
text_part part_of(std::string text, const netlink::completeness& read, std::size_t count, std::string_view noun)
{
    text_part part(std::move(text));
    part.truncated = read.truncated;
    part.consistent = read.consistent;
    part.note = note_of(read, count, noun);
    return part;
}

/// What the text of `route` has no place for: it shows one gateway of IPv4 for each route of the main table.
void note_what_route_hides(text_part& part, const netlink::routes& read)
{
    std::size_t with_more_hops = 0;
    std::size_t through_ipv6 = 0;
    for (const netlink::route& one : read.items) {
        if (!netlink::is_shown_by_route(one)) continue;
        with_more_hops += one.hops.size() > 1;
        through_ipv6 += std::any_of(one.hops.begin(), one.hops.end(),
                                    [](const netlink::next_hop& hop) { return hop.gateway_family == AF_INET6; });
    }
    if (with_more_hops > 0) add_note(part, fmt::format("routes with more hops than the one shown: {}", with_more_hops));
    if (through_ipv6 > 0) add_note(part, fmt::format("routes through a gateway of IPv6, not shown: {}", through_ipv6));
    std::set<std::uint32_t> tables;
    std::size_t others = 0;
    for (const netlink::routing_rule& rule : read.rules) {
        const bool usual =
            rule.action == FR_ACT_TO_TBL &&
            (rule.table == RT_TABLE_LOCAL || rule.table == RT_TABLE_MAIN || rule.table == RT_TABLE_DEFAULT);
        if (usual) continue;
        ++others;
        if (rule.action == FR_ACT_TO_TBL && tables.size() < named_tables) tables.insert(rule.table);
    }
    if (others == 0) return;
    add_note(part, fmt::format("rules (ip rule) that choose otherwise than by the main table: {}{}", others,
                               tables.empty() ? "" : fmt::format(", with tables {}", joined(tables, " "))));
}

text_part part_of(result<netlink::nat_text>&& read)
{
    if (!read) return text_part(read.error());
    text_part part(std::move(read->text));
    part.truncated = read->truncated;
    if (read->truncated) add_note(part, "cut at the limit: there are more rules");
    if (read->incomplete) add_note(part, read->incomplete->message());
    if (!read->elsewhere.empty()) {
        add_note(part, fmt::format("NAT is also in tables that iptables-save does not show: {}", read->elsewhere));
    }
    return part;
}

}  // namespace

nat_texts::nat_texts(nat_reading read) : nat(part_of(std::move(read.ipv4)))
{
    if (read.ipv6) nat6 = part_of(std::move(*read.ipv6));
}

void netlink_progress::put(const result<netlink::links_and_addresses>& read)
{
    if (!read) return keep(&netlink_texts::addresses, text_part(read.error()));
    netlink::iproute_names names(names_->root(), names_->device_groups());
    std::string text = netlink::ip_addr_text(read->links, read->addresses, names, read->namespace_names);
    keep(&netlink_texts::addresses, part_of(std::move(text), *read, read->addresses.size(), "addresses"));
}

void netlink_progress::put(const result<netlink::routes>& read)
{
    if (!read) return keep(&netlink_texts::route, text_part(read.error()));
    std::size_t lines = 0;
    std::string text = netlink::route_text(read->items, read->interfaces, tables(), lines);
    text_part part = part_of(std::move(text), *read, lines, "routes");
    note_what_route_hides(part, *read);
    keep(&netlink_texts::route, std::move(part));
}

void netlink_progress::put(const result<netlink::ipv6_routes>& read)
{
    if (!read) return keep(&netlink_texts::route6, text_part(read.error()));
    if (!read->supported) return keep(&netlink_texts::route6, text_part(std::string(netlink::no_ipv6_text)));
    std::size_t lines = 0;
    std::string text = netlink::route6_text(read->items, tables(), lines);
    keep(&netlink_texts::route6, part_of(std::move(text), *read, lines, "routes"));
}

const netlink::name_tables& netlink_progress::tables()
{
    if (!tables_) tables_ = names_->current();
    return *tables_;
}

void netlink_progress::keep(text_part netlink_texts::*part, text_part value)
{
    const std::lock_guard lock(mutex_);
    texts_.*part = std::move(value);
}

netlink_texts netlink_progress::take(const error& reason)
{
    const std::lock_guard lock(mutex_);
    for (text_part* const part : {&texts_.addresses, &texts_.route, &texts_.route6}) {
        if (!part->text && !part->reason) *part = text_part(reason);
    }
    return std::move(texts_);
}

}  // namespace nodescope
