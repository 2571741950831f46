// How a packet gets from one link to the next: through pairs, bridges and what lies below.
#include "collectors/network/path/walk.hpp"
#include "netlink/json/neighbour.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace nodescope::paths {

namespace {

/// Pairs and bridges between two decisions.
constexpr std::size_t crossed_limit = 16;

constexpr std::array<std::string_view, 5> stacked_kinds{"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};

/// BR_STATE_FORWARDING of linux/if_bridge.h.
constexpr char forwarding_state = 3;

bool is_closed(const netlink::detailed_link& port)
{
    const std::string* const state = port.port_kind ? port.port_kind->find(IFLA_BRPORT_STATE) : nullptr;
    return state != nullptr && state->size() == 1 && state->front() != forwarding_state;
}

bool sends_back(const netlink::detailed_link& port)
{
    const std::string* const mode = port.port_kind ? port.port_kind->find(IFLA_BRPORT_MODE) : nullptr;
    return mode != nullptr && mode->size() == 1 && mode->front() != 0;
}

bool has_address(const std::vector<netlink::link_address>& all, std::optional<std::uint32_t> link, std::uint8_t family,
                 const netlink::network_address& address)
{
    return std::ranges::any_of(all, [&](const netlink::link_address& one) {
        return one.family == family && one.local == address &&
               (!link || static_cast<std::uint32_t>(one.link_index) == *link);
    });
}

}  // namespace

std::optional<place> walker::blocking_other_end(place_view& view, const netlink::detailed_link& link, crossing& way)
{
    if (!link.lower_namespace) return view.where();
    if (*link.lower_namespace < 0) return std::nullopt;
    return places_.blocking_find(view.socket(), *link.lower_namespace, way.limits.limit);
}

/// It is sent on `link`, which is up. The hop says so already.
void walker::blocking_cross(place_view& view, const netlink::detailed_link& link, crossing& way)
{
    const std::string name = view.name(static_cast<std::uint32_t>(link.index));
    if (++way.links > crossed_limit) return lose(way, "it goes in a circle");
    const std::string_view kind = kind_of(link);
    if (kind == "bridge") return blocking_bridge(view, link, 0, way);
    if (kind == "veth") {
        auto there = link.lower ? blocking_other_end(view, link, way) : std::nullopt;
        if (there) return blocking_arrive(std::move(*there), *link.lower, way);
        return lose(way, fmt::format("the other end of {} is in a namespace that nobody here knows", name));
    }
    if (std::ranges::find(stacked_kinds, kind) != stacked_kinds.end()) {
        const auto there = blocking_other_end(view, link, way);
        const auto below = there ? blocking_view(*there, way.limits) : result<place_view*>(error());
        const std::string lower = below && link.lower ? (*below)->name(*link.lower) : "a link that is not known";
        const std::string_view where = link.lower_namespace ? " of another namespace" : "";
        return lose(way, fmt::format("{} is a {} over {}{}: it leaves there, past the routes of that namespace", name,
                                     kind, lower, where));
    }
    if ((link.flags & (IFF_POINTOPOINT | IFF_NOARP)) != 0 || kind == "vxlan" || kind == "geneve" || kind == "gretap") {
        return blocking_tunnel(view, link, way);
    }
    if (!kind.empty() && kind != "bond" && kind != "team") {
        return lose(way, fmt::format("{} is a link of the kind {}: where it ends is not known", name, kind));
    }
    lose(way, fmt::format("it leaves this machine's networks by {}", name));
}

/// It comes out of the link with this index there.
void walker::blocking_arrive(place there, std::uint32_t index, crossing& way)
{
    const auto opened = blocking_view(there, way.limits);
    if (!opened) return lose(way, opened.error().message());
    place_view& view = **opened;
    const netlink::detailed_link* const link = view.find(index);
    if (link == nullptr) return lose(way, "the other end is not there any more");
    const std::string name = view.name(index);
    const auto stop_there = [&](std::string_view why) {
        way.made.hops.push_back(hop_in(there));
        way.made.hops.back().input = name;
        way.made.hops.back().ifname = name;
        stop(way, why);
    };
    if (!is_up(*link)) return stop_there(fmt::format("{}, the other end, is down", name));
    const netlink::detailed_link* const master = link->master ? view.find(*link->master) : nullptr;
    if (master != nullptr && kind_of(*master) == "bridge") return blocking_bridge(view, *master, index, way);
    if (master != nullptr && kind_of(*master) != "vrf") {
        return lose(way, fmt::format("{} is a part of {}, of the kind {}: it is not followed through that", name,
                                     view.name(*link->master), kind_of(*master)));
    }
    if (way.sent.hardware && link->address && *way.sent.hardware != *link->address) {
        return stop_there(fmt::format("its hardware address is not that of {}: the neighbour entry is wrong", name));
    }
    way.made.next.emplace(std::move(there), index);
}

/// Asks the forwarding table, or, for an address that nobody has asked for yet, the networks behind the ports. Null:
/// `up` for the bridge's own namespace, or nobody.
const netlink::detailed_link* walker::blocking_port_of(place_view& view, const netlink::detailed_link& bridge,
                                                       std::uint32_t input, hop& here, crossing& way, bool& up)
{
    const auto own = static_cast<std::uint32_t>(bridge.index);
    if (!way.sent.hardware) {
        up = has_address(view.blocking_addresses(way.limits), std::nullopt, way.sent.family, way.sent.next_hop);
        return up ? nullptr : blocking_port_by_address(view, bridge, input, way);
    }
    up = bridge.address == way.sent.hardware;
    if (up) return nullptr;
    for (const netlink::neighbour& one : view.blocking_forwarding(way.limits)) {
        const bool here_too = one.master == own || one.interface_index == own;
        if (!here_too || one.hardware != way.sent.hardware || (one.flags & NTF_SELF) != 0) continue;
        const netlink::json_context context(view.names(), names_);
        json_writer json(here.forwarding);
        netlink::write_forwarding_entry(json, one, context);
        // Its own, or that of a port.
        up = (one.state & NUD_PERMANENT) != 0 || one.interface_index == own;
        return up ? nullptr : view.find(one.interface_index);
    }
    return blocking_port_by_address(view, bridge, input, way);
}

const netlink::detailed_link* walker::blocking_port_by_address(place_view& view, const netlink::detailed_link& bridge,
                                                               std::uint32_t input, crossing& way)
{
    for (const netlink::detailed_link& port : view.links()) {
        if (way.limits.limit.passed()) return nullptr;
        const bool mine = port.master == static_cast<std::uint32_t>(bridge.index) && kind_of(port) == "veth" &&
                          static_cast<std::uint32_t>(port.index) != input && port.lower;
        if (!mine) continue;
        auto there = blocking_other_end(view, port, way);
        if (!there) continue;
        const auto opened = blocking_view(*there, way.limits);
        if (!opened) continue;
        if (has_address((*opened)->blocking_addresses(way.limits), *port.lower, way.sent.family, way.sent.next_hop)) {
            return &port;
        }
    }
    return nullptr;
}

void walker::blocking_bridge(place_view& view, const netlink::detailed_link& bridge, std::uint32_t input, crossing& way)
{
    const auto own = static_cast<std::uint32_t>(bridge.index);
    const std::string name = view.name(own);
    hop here = hop_in(view.where());
    here.input = view.name(input != 0 ? input : own);
    here.ifname = name;
    const auto stop_here = [&](std::string_view why) {
        way.made.hops.push_back(std::move(here));
        stop(way, why);
    };
    if (!is_up(bridge)) return stop_here(fmt::format("the bridge {} is down", name));
    const netlink::detailed_link* const from = input != 0 ? view.find(input) : nullptr;
    if (from != nullptr && is_closed(*from)) {
        return stop_here(fmt::format("the port {} of the bridge {} does not forward", here.input, name));
    }
    bool up = false;
    const netlink::detailed_link* const port = blocking_port_of(view, bridge, input, here, way, up);
    if (up && input == 0) return lose(way, "the next hop is an address of this network itself");
    if (up) {
        way.made.next.emplace(view.where(), own);
        return;
    }
    const bool knows = !here.forwarding.empty();
    way.made.hops.push_back(std::move(here));
    const std::string receiver = netlink::address_text(way.sent.family, way.sent.next_hop);
    if (port == nullptr) {
        return lose(way,
                    fmt::format("the bridge {} sends it to all of its ports: who has {} is not known", name, receiver));
    }
    const std::string port_name = view.name(static_cast<std::uint32_t>(port->index));
    way.made.hops.back().ifname = port_name;
    if (!is_up(*port) || !has_carrier(*port)) {
        return stop(way, fmt::format("the port {} of the bridge {} is down", port_name, name));
    }
    if (is_closed(*port))
        return stop(way, fmt::format("the port {} of the bridge {} does not forward", port_name, name));
    if (static_cast<std::uint32_t>(port->index) == input && !sends_back(*port)) {
        return stop(way,
                    fmt::format("it would have to leave the bridge {} by {}, where it came in, and that port is not "
                                "in hairpin mode",
                                name, port_name));
    }
    way.made.hops.back().what = verdict::forwarded;
    way.made.hops.back().why = knows ? fmt::format("the bridge {} has its hardware address at {}", name, port_name)
                                     : fmt::format("the bridge {} reaches {} at {}: there is no forwarding entry yet",
                                                   name, receiver, port_name);
    blocking_cross(view, *port, way);
}

}  // namespace nodescope::paths
