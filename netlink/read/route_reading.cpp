#include "netlink/read/route_reading.hpp"

#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace nodescope::netlink {

namespace {

// iproute2's RTEXT_FILTER_SKIP_STATS: a quarter fewer bytes.
constexpr std::uint32_t skip_statistics = 1U << 3U;

error went_away() { return {failure::cancelled, "netlink: read routes: the caller went away"}; }

struct route_list {
    std::vector<ipv4_route> routes;
    dump_outcome outcome;
    std::size_t damaged = 0;
};

result<route_list> dump_routes(netlink_socket& socket, const routes_limits& limits, deadline limit)
{
    rtmsg header{};
    header.rtm_family = AF_INET;
    dump_request request;
    request.what = "IPv4 routes";
    request.message_type = RTM_GETROUTE;
    request.header = &header;
    request.header_size = sizeof(header);
    request.add_attributes = [](nl_msg* message) { nla_put_u32(message, RTA_TABLE, RT_TABLE_MAIN); };

    route_list list;
    dump_reader reader;
    reader.begin = [&] {
        list.routes.clear();
        list.damaged = 0;
    };
    reader.message = [&](const nlmsghdr& message) {
        ipv4_route route;
        const decoded outcome = decode_ipv4_route(bytes_of(message), route, list.damaged);
        if (outcome == decoded::yes) list.routes.push_back(route);
        if (outcome == decoded::malformed) ++list.damaged;
    };
    const auto outcome = dump(socket, request, {.messages = limits.routes, .bytes = limits.bytes}, reader, limit);
    if (outcome) {
        list.outcome = *outcome;
    } else if (outcome.error().kind() != failure::gone) {
        return outcome.error();
    }
    // "gone" is the kernel's ENOENT for a table that does not exist: the main table is made with its first route.
    return list;
}

result<interface_names> dump_interface_names(netlink_socket& socket, const routes_limits& limits, deadline limit,
                                             routes_text& into)
{
    ifinfomsg header{};
    dump_request request;
    request.what = "interface names";
    request.message_type = RTM_GETLINK;
    request.header = &header;
    request.header_size = sizeof(header);
    request.add_attributes = [](nl_msg* message) { nla_put_u32(message, IFLA_EXT_MASK, skip_statistics); };

    interface_names names;
    dump_reader reader;
    reader.begin = [&] { names.clear(); };
    reader.message = [&](const nlmsghdr& message) {
        if (decode_interface_name(bytes_of(message), names, into.damaged) == decoded::malformed) ++into.damaged;
    };
    const auto outcome = dump(socket, request, {.messages = limits.routes, .bytes = limits.bytes}, reader, limit);
    if (!outcome) return outcome.error();
    into.consistent = into.consistent && outcome->consistent;
    return names;
}

/// Next hops for routes that came with the id of a nexthop object only (see resolve_nexthop).
result<void> fill_nexthops(netlink_socket& socket, route_list& list, const routes_limits& limits, deadline limit)
{
    const auto lacks_nexthop = [](const ipv4_route& route) { return route.nexthop_id != 0 && !route.has_nexthop; };
    if (std::none_of(list.routes.begin(), list.routes.end(), lacks_nexthop)) return {};

    nhmsg header{};
    dump_request request;
    request.what = "nexthop objects";
    request.message_type = RTM_GETNEXTHOP;
    request.header = &header;
    request.header_size = sizeof(header);

    nexthop_objects objects;
    dump_reader reader;
    reader.begin = [&] { objects.clear(); };
    reader.message = [&](const nlmsghdr& message) {
        if (decode_nexthop(bytes_of(message), objects, list.damaged) == decoded::malformed) ++list.damaged;
    };
    const auto outcome = dump(socket, request, {.messages = limits.routes, .bytes = limits.bytes}, reader, limit);
    if (!outcome) return outcome.error();
    for (ipv4_route& route : list.routes) {
        if (lacks_nexthop(route)) resolve_nexthop(route, objects);
    }
    return {};
}

/// An interface that came or went between the two dumps.
bool all_named(const route_list& list, const interface_names& names)
{
    std::uint32_t last_seen = 0;
    return std::all_of(list.routes.begin(), list.routes.end(), [&](const ipv4_route& route) {
        if (route.interface_index == last_seen) return true;
        last_seen = route.interface_index;
        return names.contains(last_seen) || last_seen == 0;
    });
}

}  // namespace

result<routes_text> blocking_read_routes(netlink_socket& socket, const name_tables& names, const routes_limits& limits,
                                         deadline limit, const abandon_flag& abandoned, const interface_names* known)
{
    // A route goes away with its interface, so a name that is missing means the two dumps saw different moments.
    static constexpr int tries = 3;
    for (int tried = 1;; ++tried) {
        if (abandoned.raised()) return went_away();
        auto list = dump_routes(socket, limits, limit);
        if (!list) return list.error();
        if (abandoned.raised()) return went_away();
        if (const auto filled = fill_nexthops(socket, *list, limits, limit); !filled) return filled.error();
        if (abandoned.raised()) return went_away();

        routes_text made;
        made.damaged = list->damaged;
        made.consistent = list->outcome.consistent;
        made.truncated = list->outcome.truncated;
        if (known != nullptr && all_named(*list, *known)) {
            made.text = route_text(list->routes, *known, names, made.routes);
            return made;
        }
        const auto interfaces = dump_interface_names(socket, limits, limit, made);
        if (!interfaces) return interfaces.error();
        if (!all_named(*list, *interfaces)) {
            if (tried < tries) continue;
            made.consistent = false;
        }
        made.text = route_text(list->routes, *interfaces, names, made.routes);
        return made;
    }
}

result<routes_text> blocking_read_routes6(int proc_pid_directory, const name_tables& names, const routes_limits& limits,
                                          deadline limit, const abandon_flag& abandoned)
{
    // The kernel gives a page at a time (seq_read_iter in fs/seq_file.c).
    std::array<char, 16384> buffer;
    static constexpr std::string_view what = "read net/ipv6_route";
    routes_text made;
    std::string proc_text;
    const unique_fd file(::openat(proc_pid_directory, "net/ipv6_route", O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) {
        // Absent with the process as a whole, or in a kernel without IPv6.
        if (::faccessat(proc_pid_directory, "net/route", F_OK, AT_EACCESS) != 0) return from_errno(ESRCH, what);
        made.text = "INET6 (IPv6) not configured in this system.\n";
        return made;
    } else if (!file) {
        return from_errno(errno, what);
    }

    std::size_t lines = 0;
    while (file) {
        if (abandoned.raised()) return went_away();
        if (limit.passed()) {
            return error(failure::timed_out,
                         fmt::format("{}: not finished within {}", what, duration_text(limit.limit())));
        }
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return from_errno(errno, what);
        if (got == 0) break;
        const std::string_view part(buffer.data(), static_cast<std::size_t>(got));
        lines += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
        proc_text += part;
        if (lines > limits.routes || proc_text.size() > limits.bytes) {
            made.truncated = true;
            break;
        }
    }
    if (made.truncated) {
        std::size_t end = 0;
        for (std::size_t kept = 0; kept < limits.routes && proc_text.find('\n', end) != std::string::npos; ++kept) {
            end = proc_text.find('\n', end) + 1;
        }
        proc_text.resize(end);
    }
    made.text = route6_text(proc_text, names, made.routes);
    return made;
}

}  // namespace nodescope::netlink
