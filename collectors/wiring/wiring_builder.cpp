#include "collectors/wiring/wiring_builder.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_set>

namespace nodescope {

namespace {

/// Their IFLA_LINK is the other end; that of all other kinds is what carries them.
constexpr std::string_view paired_kinds[] = {"veth", "netkit", "vxcan"};
/// What their ports are in is a switch; ports of other masters carry those.
constexpr std::string_view switch_kinds[] = {"bridge", "openvswitch"};

bool is_paired(std::string_view kind) { return std::ranges::find(paired_kinds, kind) != std::end(paired_kinds); }

wired_link shown(std::size_t space, const netlink::detailed_link& link)
{
    wired_link one;
    one.space = space;
    one.index = static_cast<std::uint32_t>(link.index);
    one.name = link.name.value_or(std::string());
    if (link.kind) one.kind = link.kind->name;
    one.type = link.type;
    one.flags = link.flags;
    one.operational_state = link.operational_state;
    one.mtu = link.mtu;
    if (link.address) one.hardware = *link.address;
    return one;
}

}  // namespace

std::size_t wiring_builder::add_namespace(wired_namespace one)
{
    made_.namespaces.push_back(std::move(one));
    return made_.namespaces.size() - 1;
}

void wiring_builder::add_links(std::size_t space, const std::vector<netlink::detailed_link>& links)
{
    for (const netlink::detailed_link& link : links) {
        const std::size_t at = made_.links.size();
        if (!links_.emplace(place(space, static_cast<std::uint32_t>(link.index)), at).second) continue;
        made_.links.push_back(shown(space, link));
        if (link.master.value_or(0) != 0) master_of_.emplace(at, *link.master);
        take_end(space, at, link);
        if (auto tunnel = tunnel_end_of(link)) tunnels_.emplace_back(at, std::move(*tunnel));
    }
}

void wiring_builder::take_end(std::size_t space, std::size_t at, const netlink::detailed_link& link)
{
    far_end end;
    end.link = at;
    end.index = link.lower.value_or(0);
    if (end.index == 0) end.index = vxlan_lower_of(link);
    if (end.index == 0) return;
    end.pair = is_paired(made_.links[at].kind);
    if (end.pair) pair_of_.emplace(at, end.index);
    // Without an id of its own a namespace is somewhere that nobody here can see.
    if (!link.lower_namespace) here_[space].push_back(end);
    else if (*link.lower_namespace >= 0) elsewhere_[{space, *link.lower_namespace}].push_back(end);
    else ++lost_;
}

void wiring_builder::add_addresses(std::size_t space, const std::vector<netlink::link_address>& addresses)
{
    for (const netlink::link_address& one : addresses) {
        const std::size_t* const at = find(space, static_cast<std::uint32_t>(one.link_index));
        if (at == nullptr || !one.local || (one.family != AF_INET && one.family != AF_INET6)) continue;
        made_.links[*at].addresses.push_back({one.family, one.prefix_length, *one.local});
    }
}

void wiring_builder::note(std::string_view list, std::string_view sentence)
{
    append_clause(made_.notes[std::string(list)], sentence);
}

const std::size_t* wiring_builder::find(std::size_t space, std::uint32_t index) const
{
    const auto found = links_.find(place(space, index));
    return found == links_.end() ? nullptr : &found->second;
}

bool wiring_builder::may_hold(std::size_t space, const std::vector<far_end>& ends) const
{
    return std::ranges::all_of(ends, [&](const far_end& end) {
        const std::size_t* const there = find(space, end.index);
        if (there == nullptr || !end.pair) return there != nullptr;
        const auto back = pair_of_.find(*there);
        return back != pair_of_.end() && back->second == made_.links[end.link].index;
    });
}

std::vector<wiring_builder::unknown_namespace> wiring_builder::unknown() const
{
    std::vector<unknown_namespace> all;
    for (const auto& [key, ends] : elsewhere_) {
        if (known_.contains(key)) continue;
        unknown_namespace& one = all.emplace_back();
        std::tie(one.space, one.id) = key;
        for (std::size_t space = 0; space < made_.namespaces.size(); ++space) {
            if (space != one.space && may_hold(space, ends)) one.may_be.push_back(space);
        }
    }
    return all;
}

bool wiring_builder::has_unknown(std::size_t space) const
{
    for (auto one = elsewhere_.lower_bound({space, 0}); one != elsewhere_.end() && one->first.first == space; ++one) {
        if (!known_.contains(one->first)) return true;
    }
    return false;
}

void wiring_builder::learn(std::size_t space, std::int32_t id, std::size_t is)
{
    known_.insert_or_assign(std::pair(space, id), is);
}

void wiring_builder::add_edge(edge_kind kind, std::size_t from, std::size_t to)
{
    made_.edges.push_back({kind, from, to});
}

void wiring_builder::add_end_edges(std::size_t space, const std::vector<far_end>& ends)
{
    for (const far_end& end : ends) {
        const std::size_t* const there = find(space, end.index);
        if (there == nullptr) {
            ++lost_;
        } else if (!end.pair) {
            add_edge(edge_kind::lower, end.link, *there);
        } else if (end.link < *there || !pair_of_.contains(*there)) {
            add_edge(edge_kind::veth, end.link, *there);
        }
    }
}

void wiring_builder::add_master_edges()
{
    for (const auto& [at, index] : master_of_) {
        wired_link& one = made_.links[at];
        const std::size_t* const master = find(one.space, index);
        if (master == nullptr) continue;
        one.master = *master;
        const std::string_view kind = made_.links[*master].kind;
        if (std::ranges::find(switch_kinds, kind) != std::end(switch_kinds))
            add_edge(edge_kind::bridge_port, at, *master);
        else add_edge(edge_kind::lower, *master, at);
    }
}

/// Addresses that several networks have say nothing: then an end may be that of another tunnel.
void wiring_builder::add_tunnel_edges()
{
    std::unordered_map<std::string, std::vector<std::size_t>> by_end;
    for (const auto& [at, end] : tunnels_) by_end[end.text()].push_back(at);
    for (const auto& [at, end] : tunnels_) {
        const auto far = by_end.find(end.other().text());
        if (far == by_end.end() || far->second.size() != 1 || by_end[end.text()].size() != 1) continue;
        if (at < far->second.front()) add_edge(edge_kind::tunnel, at, far->second.front());
    }
}

/// Namespaces by kind, links with them, edges by where they begin.
void wiring_builder::order()
{
    std::vector<std::size_t> spaces(made_.namespaces.size());
    std::iota(spaces.begin(), spaces.end(), 0U);
    std::ranges::stable_sort(spaces, {}, [&](std::size_t one) { return made_.namespaces[one].kind; });
    std::vector<std::size_t> place_of_space(spaces.size());
    std::vector<wired_namespace> namespaces;
    for (const std::size_t one : spaces) {
        place_of_space[one] = namespaces.size();
        namespaces.push_back(std::move(made_.namespaces[one]));
        std::ranges::sort(namespaces.back().containers, {}, &wired_container::id);
    }
    std::vector<std::size_t> at(made_.links.size());
    std::iota(at.begin(), at.end(), 0U);
    for (wired_link& one : made_.links) one.space = place_of_space[one.space];
    std::ranges::stable_sort(at, {}, [&](std::size_t one) { return made_.links[one].space; });
    std::vector<std::size_t> place_of_link(at.size());
    std::vector<wired_link> links;
    links.reserve(at.size());
    for (const std::size_t one : at) {
        place_of_link[one] = links.size();
        links.push_back(std::move(made_.links[one]));
    }
    for (wired_link& one : links) {
        if (one.master) one.master = place_of_link[*one.master];
    }
    for (wired_edge& one : made_.edges) {
        one.from = place_of_link[one.from];
        one.to = place_of_link[one.to];
        const bool either = one.kind == edge_kind::veth || one.kind == edge_kind::tunnel;
        if (either && one.to < one.from) std::swap(one.from, one.to);
    }
    std::ranges::sort(made_.edges, {}, [](const wired_edge& one) { return std::tuple(one.from, one.to, one.kind); });
    made_.namespaces = std::move(namespaces);
    made_.links = std::move(links);
}

wiring wiring_builder::finish()
{
    for (const auto& [space, ends] : here_) add_end_edges(space, ends);
    for (const auto& [key, ends] : elsewhere_) {
        const auto known = known_.find(key);
        if (known == known_.end()) lost_ += ends.size();
        else add_end_edges(known->second, ends);
    }
    add_master_edges();
    add_tunnel_edges();
    order();
    if (lost_ != 0) {
        note("edges", fmt::format("{} left out: the other end is in a network namespace that nobody knows here, or is "
                                  "gone",
                                  lost_));
    }
    return std::move(made_);
}

}  // namespace nodescope
