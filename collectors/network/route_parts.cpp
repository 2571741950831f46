#include "collectors/network/route_parts.hpp"

#include "netlink/json/route.hpp"
#include "netlink/read/detailed_reader.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

namespace nodescope {

namespace {

bool names_object(const netlink::detailed_route& one) { return one.nexthop_id != 0; }

/// `family`: AF_UNSPEC for all.
result<part_text> blocking_routes_of(part_source& source, std::uint8_t family)
{
    const auto context = source.blocking_context();
    if (!context) return context.error();
    const auto routes = family == AF_UNSPEC ? source.blocking_routes() : source.blocking_routes6();
    if (!routes) return routes.error();
    const auto& all = **routes;
    std::span<const netlink::detailed_nexthop> nexthops;
    std::string failed;
    if (std::ranges::any_of(all.items, names_object)) {
        const auto read = source.blocking_nexthops();
        if (read) nexthops = (*read)->items;
        else failed = read.error().message();
    }
    part_text part = list_part(all, "routes", source.limit_bytes, [&](json_writer& json, const auto& one) {
        if (family != AF_UNSPEC && one.family != family) return;
        if (netlink::is_shown_by_ip_route(one)) netlink::write_route(json, one, nexthops, *context);
    });
    if (!failed.empty()) append_clause(part.note, failed);
    return part;
}

result<part_text> blocking_rules_of(part_source& source, std::uint8_t family)
{
    const auto context = source.blocking_context();
    if (!context) return context.error();
    const auto read = netlink::blocking_read_rules(**source.blocking_socket(), family, source.limit, source.abandoned);
    if (!read && family == AF_INET6 && netlink::is_missing_in_kernel(read.error(), netlink::rules6_name)) {
        return absent_part("this kernel has no rules of IPv6");
    }
    if (!read) return read.error();
    return list_part(*read, "rules", source.limit_bytes, [&](json_writer& json, const netlink::detailed_rule& one) {
        // Without IPv6 the kernel answers for all families.
        if (one.family == family) netlink::write_rule(json, one, *context);
    });
}

}  // namespace

result<part_text> blocking_route(part_source& source) { return blocking_routes_of(source, AF_UNSPEC); }

result<part_text> blocking_route6(part_source& source) { return blocking_routes_of(source, AF_INET6); }

result<part_text> blocking_rule(part_source& source) { return blocking_rules_of(source, AF_INET); }

result<part_text> blocking_rule6(part_source& source) { return blocking_rules_of(source, AF_INET6); }

result<part_text> blocking_nexthop(part_source& source)
{
    const auto context = source.blocking_context();
    if (!context) return context.error();
    const auto read = source.blocking_nexthops();
    if (!read && netlink::is_missing_in_kernel(read.error(), netlink::nexthops_name)) {
        return absent_part("this kernel has no nexthop objects");
    }
    if (!read) return read.error();
    return list_part(**read, "nexthop objects", source.limit_bytes,
                     [&](json_writer& json, const auto& one) { netlink::write_nexthop(json, one, *context); });
}

}  // namespace nodescope
