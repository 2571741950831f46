// gateway-unanswered: the next hop of a route does not answer when it is asked for its hardware address.
#include "collectors/findings/facts/hop_facts.hpp"
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/rules.hpp"

#include <fmt/format.h>

#include <linux/neighbour.h>

#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

namespace nodescope::findings {

namespace {

/// Of an entry that has not been answered: "FAILED", "INCOMPLETE"; else empty. Everybody is INCOMPLETE until they have
/// answered for the first time, which takes far less than a second.
std::string_view unanswered_state(const netlink::neighbour& entry)
{
    constexpr std::uint32_t a_second = 100;  // in USER_HZ
    if ((entry.state & NUD_FAILED) != 0) return "FAILED";
    const bool waits = (entry.state & NUD_INCOMPLETE) != 0 && entry.ages && entry.ages->updated >= a_second;
    return waits ? "INCOMPLETE" : std::string_view();
}

using neighbour_key = std::pair<std::uint32_t, std::pair<std::uint8_t, std::array<std::uint8_t, 16>>>;

std::map<neighbour_key, std::string_view> unanswered_neighbours(const network_model& model)
{
    std::map<neighbour_key, std::string_view> all;
    for (const netlink::neighbour& one : model.neighbours.items) {
        const std::string_view state = unanswered_state(one);
        if (state.empty() || !one.address || (one.flags & NTF_PROXY) != 0) continue;
        all[{one.interface_index, {one.family, one.address->bytes}}] = state;
    }
    return all;
}

}  // namespace

finding_list look_for_gateway_unanswered(const network_model& model)
{
    finding_list found;
    const auto unanswered = unanswered_neighbours(model);
    if (unanswered.empty()) return found;
    const links_by_index links(model);
    for (const used_gateway& gateway : used_gateways(model)) {
        const auto entry = unanswered.find({gateway.interface_index, {gateway.family, gateway.address.bytes}});
        if (entry == unanswered.end()) continue;
        finding one;
        one.about.ifname = links.name(gateway.interface_index);
        one.summary = fmt::format("{} is the next hop of {}, and does not answer on {}", text_of(gateway),
                                  routes_text(gateway), one.about.ifname);
        one.seen.add("gateway", text_of(gateway))
            .add("state", std::string(entry->second))
            .add("route", destination_text(*gateway.first))
            .add("routes", gateway.routes);
        found.add(std::move(one));
    }
    return found;
}

}  // namespace nodescope::findings
