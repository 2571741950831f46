// Where the outer packet of a tunnel goes, as far as the link says it.
#include "collectors/network/path/walk.hpp"
#include "core/json/writer.hpp"
#include "netlink/json/route.hpp"
#include "netlink/read/route_query.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/neighbour.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace nodescope::paths {

namespace {

struct remote_end {
    std::uint8_t family = 0;
    netlink::network_address address;
};

struct remote_attribute {
    std::string_view kind;
    std::uint16_t type;
};
// An address of IPv4 or IPv6, by its length.
constexpr remote_attribute remote_attributes[] = {
    {"vxlan", IFLA_VXLAN_GROUP},     {"vxlan", IFLA_VXLAN_GROUP6},   {"geneve", IFLA_GENEVE_REMOTE},
    {"geneve", IFLA_GENEVE_REMOTE6}, {"ipip", IFLA_IPTUN_REMOTE},    {"sit", IFLA_IPTUN_REMOTE},
    {"ip6tnl", IFLA_IPTUN_REMOTE},   {"gre", IFLA_GRE_REMOTE},       {"gretap", IFLA_GRE_REMOTE},
    {"ip6gre", IFLA_GRE_REMOTE},     {"ip6gretap", IFLA_GRE_REMOTE},
};

/// None for the unspecified address, which means that the tunnel does not say it.
std::optional<remote_end> end_of(std::string_view bytes)
{
    remote_end made;
    if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
    if (std::ranges::all_of(bytes, [](char one) { return one == 0; })) return std::nullopt;
    made.family = bytes.size() == 4 ? AF_INET : AF_INET6;
    std::memcpy(made.address.bytes.data(), bytes.data(), bytes.size());
    return made;
}

std::optional<remote_end> configured_end(const netlink::detailed_link& link)
{
    for (const remote_attribute& one : remote_attributes) {
        if (!link.kind || link.kind->name != one.kind) continue;
        const std::string* const bytes = link.kind->find(one.type);
        const auto found = bytes != nullptr ? end_of(*bytes) : std::nullopt;
        if (found) return found;
    }
    return std::nullopt;
}

/// The entry of the tunnel's forwarding table for a hardware address.
const netlink::neighbour* entry_for(const std::vector<netlink::neighbour>& all, std::uint32_t link,
                                    const netlink::hardware_address& wanted)
{
    const auto found = std::ranges::find_if(all, [&](const netlink::neighbour& one) {
        return one.interface_index == link && (one.flags & NTF_SELF) != 0 && one.hardware == wanted && one.address;
    });
    return found != all.end() ? &*found : nullptr;
}

}  // namespace

/// The hop after that asks for the outer packet's route; what happens at the other end nobody here can know.
void walker::blocking_tunnel(place_view& view, const netlink::detailed_link& link, crossing& way)
{
    const auto index = static_cast<std::uint32_t>(link.index);
    const std::string name = view.name(index);
    const std::string_view kind = kind_of(link).empty() ? std::string_view("point-to-point link") : kind_of(link);
    std::optional<remote_end> remote;
    if (way.sent.hardware) {
        const netlink::neighbour* const entry =
            entry_for(view.blocking_forwarding(way.limits), index, *way.sent.hardware);
        if (entry != nullptr) remote = remote_end{entry->address_family, *entry->address};
    }
    if (!remote) remote = configured_end(link);
    if (!remote) {
        return lose(way, fmt::format("{} is a {}, and does not say where its other end is", name, kind));
    }
    const std::string receiver = netlink::address_text(remote->family, remote->address);
    netlink::route_question asked;
    asked.family = remote->family;
    asked.destination = remote->address;
    lose(way, fmt::format("{} is a {}: it goes on in a packet to {}", name, kind, receiver));
    const auto probing = netlink::blocking_find_probing_routes(view.socket(), view.where().space, asked,
                                                               way.limits.limit, way.limits.abandoned);
    if (!probing || !probing->empty()) return;
    const auto answer = netlink::blocking_ask_route(view.socket(), asked, way.limits.limit);
    if (!answer) return;
    way.made.hops.push_back(hop_in(view.where()));
    hop& outer = way.made.hops.back();
    if (!answer->route) {
        outer.ifname = name;
        return stop(way, fmt::format("there is no route to {}, the other end of {}", receiver, name));
    }
    const netlink::json_context context(view.names(), names_);
    json_writer json(outer.route);
    netlink::write_resolved_route(json, *answer->route, context);
    if (!answer->route->hops.empty()) outer.ifname = view.name(answer->route->hops.front().interface_index);
    lose(way, fmt::format("the packet of the tunnel leaves by {}; what its other end does with it is not known",
                          outer.ifname));
}

}  // namespace nodescope::paths
