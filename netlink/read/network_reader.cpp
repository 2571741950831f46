#include "netlink/read/network_reader.hpp"

#include "core/files/bounded_file.hpp"
#include "core/unique_fd.hpp"
#include "netlink/decode/proc_files.hpp"
#include "netlink/read/dump_all.hpp"
#include "netlink/read/namespace_names.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>

namespace nodescope::netlink {

namespace {

constexpr ifinfomsg any_link{};
constexpr ifaddrmsg any_address{};
constexpr nhmsg any_nexthop{};
constexpr fib_rule_hdr ipv4_rules = [] {
    fib_rule_hdr header{};
    header.family = AF_INET;
    return header;
}();
// A line of net/ipv6_route has at most 157 bytes (ipv6_route_native_seq_show in net/ipv6/ip6_fib.c).
constexpr std::size_t ipv6_line_limit = 160;

/// Without statistics: a quarter fewer bytes. With any mask the kernel makes room for the largest link first
/// (rtnl_calcit in net/core/rtnetlink.c).
dump_request ask_for_links(std::string_view what)
{
    return {what, RTM_GETLINK, any_link,
            [](nl_msg* message) { nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS); }};
}

std::vector<std::int32_t> namespace_ids(const std::vector<link>& links)
{
    std::vector<std::int32_t> ids;
    for (const link& known : links) {
        if (known.lower_namespace.value_or(-1) >= 0) ids.push_back(*known.lower_namespace);
    }
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
}

void merge(completeness& into, const completeness& part) noexcept
{
    into.consistent = into.consistent && part.consistent;
    into.truncated = into.truncated || part.truncated;
    into.damaged += part.damaged;
}

/// Hops for routes that came with the id of a nexthop object only.
result<void> fill_hops(netlink_socket& socket, dumped<route>& list, const dump_limits& limits, deadline limit,
                       const abandon_flag& abandoned)
{
    const auto lacks_hops = [](const route& told) { return told.nexthop_id != 0 && told.hops.empty(); };
    if (std::ranges::none_of(list.items, lacks_hops)) return {};
    auto objects =
        dump_all<nexthop_object>(socket, {"nexthop objects", RTM_GETNEXTHOP, any_nexthop}, limits, limit, abandoned);
    if (!objects) return objects.error();
    list.damaged += objects->damaged;
    std::ranges::sort(objects->items, {}, &nexthop_object::id);
    for (route& told : list.items) {
        if (lacks_hops(told)) resolve_nexthop(told, objects->items);
    }
    return {};
}

result<dumped<route>> dump_routes(netlink_socket& socket, route_selection which, const dump_limits& limits,
                                  deadline limit, const abandon_flag& abandoned)
{
    const rtmsg header{which.family, 0, 0, 0, 0, 0, 0, 0, 0};
    const std::string_view what = which.family == AF_INET ? "IPv4 routes" : "routes";
    const dump_request request(what, RTM_GETROUTE, header, [table = which.table](nl_msg* message) {
        if (table != RT_TABLE_UNSPEC) nla_put_u32(message, RTA_TABLE, table);
    });
    auto list = dump_all<route>(socket, request, limits, limit, abandoned);
    if (!list) {
        // The kernel's ENOENT for a table that does not exist: the main table is made with its first route.
        if (list.error().kind() == failure::gone) return dumped<route>();
        return list;
    }
    if (const auto filled = fill_hops(socket, *list, limits, limit, abandoned); !filled) return filled.error();
    return list;
}

/// False after an interface came or went between the two dumps.
bool all_named(const std::vector<route>& list, const interface_names& names)
{
    std::uint32_t last_seen = 0;
    const auto is_named = [&](const next_hop& hop) {
        if (hop.interface_index == last_seen) return true;
        last_seen = hop.interface_index;
        return last_seen == 0 || names.contains(last_seen);
    };
    return std::ranges::all_of(list, [&](const route& told) { return std::ranges::all_of(told.hops, is_named); });
}

}  // namespace

result<links_and_addresses> blocking_read_addresses(netlink_socket& socket, const std::string& root,
                                                    const addresses_limits& limits, deadline limit,
                                                    const abandon_flag& abandoned)
{
    auto links = dump_all<link>(socket, ask_for_links("links"), {limits.links, limits.bytes}, limit, abandoned);
    if (!links) return links.error();
    auto addresses = dump_all<link_address>(socket, {"addresses", RTM_GETADDR, any_address},
                                            {limits.addresses, limits.bytes - std::min(limits.bytes, links->bytes)},
                                            limit, abandoned);
    if (!addresses) return addresses.error();

    links_and_addresses made;
    merge(made, *links);
    merge(made, *addresses);
    made.links = std::move(links->items);
    made.addresses = std::move(addresses->items);
    made.namespace_names = blocking_namespace_names(socket, root, namespace_ids(made.links), limit);
    return made;
}

result<routes> blocking_read_routes(netlink_socket& socket, route_selection which, interface_names known,
                                    const routes_limits& limits, deadline limit, const abandon_flag& abandoned)
{
    const dump_limits each{limits.routes, limits.bytes};
    // A route goes away with its interface, so a name that is missing means the two dumps saw different moments.
    static constexpr int tries = 3;
    for (int tried = 1;; ++tried) {
        auto list = dump_routes(socket, which, each, limit, abandoned);
        if (!list) return list.error();
        routes made;
        merge(made, *list);
        made.items = std::move(list->items);
        if (!all_named(made.items, known)) {
            auto names = dump_all<interface_name>(socket, ask_for_links("interface names"), each, limit, abandoned);
            if (!names) return names.error();
            made.consistent = made.consistent && names->consistent;
            made.damaged += names->damaged;
            known.clear();
            for (interface_name& each_name : names->items) known[each_name.index] = std::move(each_name.name);
            if (!all_named(made.items, known)) {
                if (tried < tries) continue;
                made.consistent = false;
            }
        }
        made.interfaces = std::move(known);
        if (which.family == AF_INET) {
            // The routes are right without them.
            auto rules =
                dump_all<routing_rule>(socket, {"IPv4 rules", RTM_GETRULE, ipv4_rules}, each, limit, abandoned);
            if (rules) made.rules = std::move(rules->items);
        }
        return made;
    }
}

result<ipv6_routes> blocking_read_routes6(int proc_pid_directory, const routes_limits& limits, deadline limit,
                                          const abandon_flag& abandoned)
{
    static constexpr std::string_view what = "read net/ipv6_route";
    ipv6_routes made;
    const unique_fd file(::openat(proc_pid_directory, "net/ipv6_route", O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) {
        // Absent when the process is gone, and in a kernel without IPv6.
        if (::faccessat(proc_pid_directory, "net/route", F_OK, AT_EACCESS) != 0) return from_errno(ESRCH, what);
        made.supported = false;
        return made;
    }
    if (!file) return from_errno(errno, what);

    // The kernel gives a page at a time (seq_read_iter in fs/seq_file.c).
    const auto check = [&]() -> std::optional<error> {
        if (abandoned.raised()) {
            return error(failure::cancelled, fmt::format("{}: nobody waits for the answer any more", what));
        }
        if (!limit.passed()) return std::nullopt;
        return error(failure::timed_out, fmt::format("{}: not finished within {}", what, duration_text(limit.limit())));
    };
    auto read = files::read_whole(file.get(), std::min(limits.bytes, (limits.routes + 1) * ipv6_line_limit),
                                  "net/ipv6_route", check);
    if (!read) return read.error();
    std::string& text = read->text;
    made.truncated =
        read->truncated || static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) > limits.routes;
    // The last line of a text that was cut may not be whole.
    if (made.truncated) text.resize(text.rfind('\n') + 1);
    made.items = decode_ipv6_routes(text);
    made.items.resize(std::min(made.items.size(), limits.routes));
    return made;
}

}  // namespace nodescope::netlink
