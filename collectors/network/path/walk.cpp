#include "collectors/network/path/walk.hpp"

#include "core/text.hpp"
#include "netlink/json/neighbour.hpp"
#include "netlink/json/route.hpp"
#include "netlink/read/route_query.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace nodescope::paths {

namespace {

/// An entry waits for its answer less than that when all is well, in hundredths of a second.
constexpr std::uint32_t a_second = 100;

std::string written(const auto& write)
{
    std::string text;
    json_writer json(text);
    write(json);
    return text;
}

std::string why_refused(const place_view& view, const position& at, const packet& what, int number)
{
    const std::string to = netlink::address_text(what.family, what.destination);
    const std::string link = at.input != 0 ? view.name(at.input) : std::string();
    switch (number) {
        case ENETUNREACH: return fmt::format("there is no route to {}", to);
        case EACCES: return fmt::format("the route to {} is a prohibit route", to);
        case EXDEV:
            return fmt::format(
                "the reverse path filter of {} drops it: its source is not reached through that link, or is an "
                "address of this network itself",
                link);
        case EINVAL: {
            if (at.input == 0) return fmt::format("the route to {} is a blackhole route", to);
            // Kernels from 6.13 on say this instead of EXDEV.
            const bool filters = !view.blocking_is_off("ipv4/conf/all/rp_filter") ||
                                 !view.blocking_is_off(fmt::format("ipv4/conf/{}/rp_filter", link));
            if (what.family != AF_INET || !filters) {
                return fmt::format("the route to {} is a blackhole route, or its source may not come in through {}", to,
                                   link);
            }
            return fmt::format("the reverse path filter of {} drops it, or the route to {} is a blackhole route", link,
                               to);
        }
        case EHOSTUNREACH: {
            const bool forwards = at.input == 0 || what.family != AF_INET ||
                                  !view.blocking_is_off(fmt::format("ipv4/conf/{}/forwarding", link));
            return forwards ? fmt::format("the route to {} is an unreachable route", to)
                            : fmt::format("packets of IPv4 that come in through {} are not forwarded", link);
        }
        default: return fmt::format("the kernel has no route to {} (error {})", to, number);
    }
}

/// The only address that the kernel can choose for it; none where it has to choose.
std::optional<netlink::network_address> only_address(place_view& view, std::uint32_t link, const reading_limits& limits)
{
    std::optional<netlink::network_address> found;
    for (const netlink::link_address& one : view.blocking_addresses(limits)) {
        const bool usable = one.family == AF_INET6 && one.scope == RT_SCOPE_UNIVERSE && one.local &&
                            static_cast<std::uint32_t>(one.link_index) == link;
        if (!usable) continue;
        if (found) return std::nullopt;
        found = one.local;
    }
    return found;
}

}  // namespace

std::string text_of(const packet& what)
{
    const std::string to = netlink::address_text(what.family, what.destination);
    const std::string_view protocol = what.protocol == IPPROTO_TCP   ? "tcp to "
                                      : what.protocol == IPPROTO_UDP ? "udp to "
                                                                     : "";
    return what.port == 0 ? fmt::format("{}{}", protocol, to) : fmt::format("{}{} port {}", protocol, to, what.port);
}

result<place_view*> walker::blocking_view(const place& which, const reading_limits& limits)
{
    std::unique_ptr<place_view>& kept = views_[which.space.identity().inode];
    if (!kept) {
        auto opened = place_view::blocking_open(home_, which, limits);
        if (!opened) return opened.error();
        kept = std::move(*opened);
    }
    return kept.get();
}

bool walker::blocking_has_address(const place& where, std::uint8_t family, const netlink::network_address& address,
                                  const reading_limits& limits)
{
    const auto view = blocking_view(where, limits);
    if (!view) return false;
    return std::ranges::any_of((*view)->blocking_addresses(limits), [&](const netlink::link_address& one) {
        return one.family == family && one.local == address;
    });
}

std::string walker::link_name(const position& at, const reading_limits& limits)
{
    const auto view = blocking_view(at.where, limits);
    return view ? (*view)->name(at.input) : std::string();
}

std::vector<std::string> walker::notes() const
{
    std::vector<std::string> all;
    for (const auto& [inode, view] : views_) {
        if (view && !view->note().empty()) all.push_back(fmt::format("net:[{}]: {}", inode, view->note()));
    }
    return all;
}

hop walker::hop_in(const place& which)
{
    hop made;
    made.netns = which.space.identity().inode;
    made.place = which.kind;
    made.place_name = which.name;
    made.container = which.container;
    return made;
}

void walker::stop(crossing& at, std::string_view why)
{
    at.made.hops.back().what = verdict::stopped;
    append_clause(at.made.hops.back().why, why);
    at.made.end = reachability::no;
}

void walker::lose(crossing& at, std::string_view why)
{
    at.made.hops.back().what = verdict::forwarded;
    append_clause(at.made.hops.back().why, why);
    at.made.end = reachability::unknown;
}

/// None: the hop says why there is none.
result<std::optional<netlink::detailed_route>> walker::blocking_route(place_view& view, const position& at,
                                                                      packet& what, hop& here, crossing& way)
{
    const netlink::json_context context(view.names(), names_);
    netlink::route_question asked;
    asked.family = what.family;
    asked.destination = what.destination;
    asked.input_interface = at.input;
    if (at.input != 0) asked.source = what.source;
    asked.protocol = what.protocol;
    asked.port = what.port;
    const auto probing = netlink::blocking_find_probing_routes(view.socket(), view.where().space, asked,
                                                               way.limits.limit, way.limits.abandoned);
    if (!probing) return probing.error();
    if (!probing->empty()) {
        here.candidates = written([&](json_writer& json) {
            json.array(*probing, [&](const auto& one) { netlink::write_resolved_route(json, one, context); });
        });
        const netlink::detailed_route& first = probing->front();
        if (probing->size() > 1 || first.hops.size() != 1 || first.type != RTN_UNICAST) {
            lose(way,
                 "which of several routes is taken is not known: nobody has sent anything to a router of theirs, and "
                 "the "
                 "kernel would send it a solicitation when asked");
            return std::optional<netlink::detailed_route>();
        }
        if (at.input == 0) what.source = only_address(view, first.hops.front().interface_index, way.limits);
        return std::optional<netlink::detailed_route>(first);
    }
    auto answer = netlink::blocking_ask_route(view.socket(), asked, way.limits.limit);
    if (!answer) return answer.error();
    if (!answer->route) {
        stop(way, why_refused(view, at, what, answer->refused));
        return std::optional<netlink::detailed_route>();
    }
    here.route = written([&](json_writer& json) { netlink::write_resolved_route(json, *answer->route, context); });
    if (at.input == 0) what.source = answer->route->preferred_source;
    return std::move(answer->route);
}

result<step> walker::blocking_step(const position& at, packet& what, const reading_limits& limits)
{
    const auto opened = blocking_view(at.where, limits);
    if (!opened) return opened.error();
    place_view& view = **opened;
    step made;
    crossing way(made, what, limits);
    made.hops.push_back(hop_in(at.where));
    if (at.input != 0) made.hops.back().input = view.name(at.input);
    const auto route = blocking_route(view, at, what, made.hops.back(), way);
    if (!route) return route.error();
    if (*route) blocking_leave(view, **route, at, way);
    return made;
}

void walker::blocking_leave(place_view& view, const netlink::detailed_route& route, const position& at, crossing& way)
{
    hop& here = way.made.hops.back();
    const netlink::next_hop first = route.hops.empty() ? netlink::next_hop() : route.hops.front();
    here.ifname = view.name(first.interface_index);
    if (route.type == RTN_LOCAL) {
        here.ifname = view.name(at.input != 0 ? at.input : first.interface_index);
        here.what = verdict::delivered;
        here.why = fmt::format("{} is an address of this network",
                               netlink::address_text(way.what.family, way.what.destination));
        way.made.end = reachability::yes;
        return;
    }
    if (route.type != RTN_UNICAST) {
        lose(way, fmt::format("the route is of the type {}: it is for more than one receiver",
                              netlink::route_type_name(route.type)));
        return;
    }
    if (at.input != 0 && way.what.family == AF_INET6 && view.blocking_is_off("ipv6/conf/all/forwarding")) {
        stop(way, "packets of IPv6 are not forwarded here (net.ipv6.conf.all.forwarding is 0)");
        return;
    }
    const netlink::detailed_link* const link = view.find(first.interface_index);
    if (link == nullptr) return lose(way, "the route leads to no link");
    if (!is_up(*link)) return stop(way, fmt::format("{} is down", here.ifname));
    if (!has_carrier(*link)) return stop(way, fmt::format("{} has no carrier", here.ifname));
    const bool has_gateway = first.gateway_family != 0;
    way.sent.family = has_gateway ? first.gateway_family : way.what.family;
    way.sent.next_hop = has_gateway ? first.gateway : way.what.destination;
    here.what = verdict::forwarded;
    here.why = has_gateway ? fmt::format("through {} to the gateway {}", here.ifname,
                                         netlink::address_text(way.sent.family, way.sent.next_hop))
                           : fmt::format("through {}, on whose link it is", here.ifname);
    if (first.encapsulation != 0) {
        return lose(way, fmt::format("through {}, in an encapsulation of the route's own", here.ifname));
    }
    blocking_take_neighbour(view, first.interface_index, here, way);
    if (here.what != verdict::stopped) blocking_cross(view, *link, way);
}

void walker::blocking_take_neighbour(place_view& view, std::uint32_t link, hop& here, crossing& way)
{
    const std::string shown = netlink::address_text(way.sent.family, way.sent.next_hop);
    for (const netlink::neighbour& one : view.blocking_neighbours(way.limits)) {
        const bool it = one.interface_index == link && one.family == way.sent.family &&
                        one.address == way.sent.next_hop && (one.flags & NTF_PROXY) == 0;
        if (!it) continue;
        const netlink::json_context context(view.names(), names_);
        here.neighbour = written([&](json_writer& json) { netlink::write_neighbour(json, one, context); });
        const bool waits = (one.state & NUD_INCOMPLETE) != 0 && one.ages && one.ages->updated >= a_second;
        if ((one.state & NUD_FAILED) != 0 || waits) {
            return stop(way, fmt::format("{} does not answer on {}: its neighbour entry is {}", shown, here.ifname,
                                         waits ? "INCOMPLETE" : "FAILED"));
        }
        if ((one.state & (NUD_INCOMPLETE | NUD_NOARP)) == 0) way.sent.hardware = one.hardware;
        return;
    }
}

}  // namespace nodescope::paths
