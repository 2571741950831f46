#include "netlink/read/route_query.hpp"

#include "netlink/decode/decode.hpp"
#include "netlink/read/detailed_reader.hpp"
#include "netlink/read/dump_protocol.hpp"
#include "netlink/read/sysctl_files.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string_view>

namespace nodescope::netlink {

namespace {

constexpr std::string_view one_route = "the route of a packet";

/// What says that there is no way. Others are failures: the interface is gone, rights are missing (EPERM).
constexpr std::array no_way{ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL, EXDEV, ENETDOWN, EAGAIN, EADDRNOTAVAIL};

void put_address(nl_msg* message, int attribute, std::uint8_t family, const network_address& address)
{
    nla_put(message, attribute, family == AF_INET ? 4 : 16, address.bytes.data());
}

void put_question(nl_msg* message, const route_question& asked)
{
    put_address(message, RTA_DST, asked.family, asked.destination);
    if (asked.source) put_address(message, RTA_SRC, asked.family, *asked.source);
    if (asked.input_interface != 0) nla_put_u32(message, RTA_IIF, asked.input_interface);
    if (asked.output_interface != 0) nla_put_u32(message, RTA_OIF, asked.output_interface);
    if (asked.mark != 0) nla_put_u32(message, RTA_MARK, asked.mark);
    if (asked.protocol != 0) nla_put_u8(message, RTA_IP_PROTO, asked.protocol);
    if (asked.protocol != 0 && asked.port != 0) nla_put_u16(message, RTA_DPORT, htons(asked.port));
}

/// Among the first `length` bits.
bool is_covered(const network_address& address, const network_address& prefix, unsigned length)
{
    const std::size_t whole = length / 8;
    if (!std::equal(prefix.bytes.begin(), prefix.bytes.begin() + static_cast<std::ptrdiff_t>(whole),
                    address.bytes.begin())) {
        return false;
    }
    const unsigned rest = length % 8;
    return rest == 0 || ((prefix.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

bool is_dead(const next_hop& hop) { return (hop.flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) != 0; }

bool is_known(const next_hop& hop, std::span<const neighbour> known)
{
    constexpr std::uint16_t valid = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;
    return std::ranges::any_of(known, [&](const neighbour& one) {
        return one.interface_index == hop.interface_index && one.address == hop.gateway && (one.state & valid) != 0 &&
               (one.flags & NTF_PROXY) == 0;
    });
}

}  // namespace

result<route_answer> blocking_ask_route(netlink_socket& socket, const route_question& asked, deadline limit)
{
    rtmsg header{};
    header.rtm_family = asked.family;
    const std::uint8_t bits = asked.family == AF_INET ? 32 : 128;
    header.rtm_dst_len = bits;
    if (asked.source) header.rtm_src_len = bits;
    // Strict checking of IPv6 refuses it, and IPv6 always says the table.
    if (asked.family == AF_INET) header.rtm_flags = RTM_F_LOOKUP_TABLE;
    const dump_request request(one_route, RTM_GETROUTE, header, [&](nl_msg* message) { put_question(message, asked); });
    route_answer made;
    std::size_t damaged = 0;
    const auto take = [&](const nlmsghdr& message) {
        if (!decode(bytes_of(message), made.route.emplace(), damaged)) made.route.reset();
    };
    const auto done = request_one(socket, request, take, limit);
    if (done && made.route) return made;
    if (done) return error(failure::malformed, fmt::format("netlink: read {}: the answer is no route", one_route));
    const auto* const refused = std::ranges::find_if(
        no_way, [&](int number) { return done.error() == detail::refused_dump(number, one_route); });
    if (refused == no_way.end()) return done.error();
    made.refused = *refused;
    return made;
}

std::vector<detailed_route> probing_routes(std::span<const detailed_route> routes, std::span<const neighbour> known,
                                           std::span<const nexthop_object> objects, const network_address& destination)
{
    // A table is looked at from its longest prefix on; what is dead is passed over.
    std::map<std::uint32_t, std::vector<detailed_route>> nearest;
    for (const detailed_route& one : routes) {
        if (one.family != AF_INET6 || (one.flags & RTM_F_CLONED) != 0) continue;
        if (!is_covered(destination, one.destination, one.destination_length)) continue;
        detailed_route whole = one;
        if (whole.hops.empty() && whole.nexthop_id != 0) resolve_nexthop(whole, objects);
        if (!whole.hops.empty() && std::ranges::all_of(whole.hops, is_dead)) continue;
        std::vector<detailed_route>& best = nearest[one.table];
        if (!best.empty() && best.front().destination_length > one.destination_length) continue;
        if (!best.empty() && best.front().destination_length < one.destination_length) best.clear();
        best.push_back(std::move(whole));
    }
    std::vector<detailed_route> found;
    // What is here goes no further.
    if (nearest.contains(RT_TABLE_LOCAL)) return found;
    for (auto& [table, best] : nearest) {
        const bool probes = std::ranges::any_of(best, [&](const detailed_route& one) {
            return std::ranges::any_of(one.hops, [&](const next_hop& hop) {
                return hop.gateway_family == AF_INET6 && !is_dead(hop) && !is_known(hop, known);
            });
        });
        if (probes) std::ranges::move(best, std::back_inserter(found));
    }
    return found;
}

result<std::vector<detailed_route>> blocking_find_probing_routes(netlink_socket& socket, const net_namespace& target,
                                                                 const route_question& asked, deadline limit,
                                                                 const abandon_flag& abandoned)
{
    std::vector<detailed_route> none;
    if (asked.family != AF_INET6) return none;
    constexpr std::array<std::string_view, 1> forwarding{"ipv6/conf/all/forwarding"};
    const auto set = blocking_read_sysctls(socket.home(), target, forwarding);
    // Without the file the kernel has no IPv6, or nobody knows what it does.
    if (set && ((*set)[0] != "0")) return none;
    const auto routes = blocking_read_detailed_routes(socket, AF_INET6, limit, abandoned);
    if (!routes && is_missing_in_kernel(routes.error(), "IPv6 routes")) return none;
    if (!routes) return routes.error();
    const auto known = blocking_read_neighbours(socket, limit, abandoned);
    if (!known) return known.error();
    std::vector<nexthop_object> objects;
    const auto uses_object = [](const detailed_route& one) { return one.hops.empty() && one.nexthop_id != 0; };
    if (std::ranges::any_of(routes->items, uses_object)) {
        const auto read = blocking_read_nexthops(socket, limit, abandoned);
        if (!read) return read.error();
        objects.assign(read->items.begin(), read->items.end());
    }
    return probing_routes(routes->items, known->items, objects, asked.destination);
}

}  // namespace nodescope::netlink
