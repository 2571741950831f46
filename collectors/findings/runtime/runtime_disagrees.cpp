// runtime-disagrees: the network is not what the container's runtime says it has set up.
#include "collectors/findings/facts/link_facts.hpp"
#include "collectors/findings/facts/route_facts.hpp"
#include "collectors/findings/rules.hpp"
#include "core/text.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace nodescope::findings {

namespace {

/// Addresses that are told where the one is missing.
constexpr std::size_t told_addresses = 4;

std::string said_text(const said_address& one)
{
    const std::string address = netlink::address_text(one.family, one.address);
    return one.prefix_length ? fmt::format("{}/{}", address, *one.prefix_length) : address;
}

/// Those of a family that somebody has given the namespace: "10.0.0.7/24, 10.0.0.8/24".
std::string addresses_there(const network_model& model, std::uint8_t family)
{
    std::string text;
    std::size_t count = 0;
    for (const netlink::link_address& one : model.addresses.items) {
        if (one.family != family || !one.local) continue;
        if (is_loopback(family, *one.local) || is_link_local(family, *one.local)) continue;
        if (count++ == told_addresses) return text + ", ...";
        append_clause(text, text_of(one), ", ");
    }
    return text;
}

const netlink::link_address* find_address(const network_model& model, const said_address& said)
{
    const auto same = [&](const netlink::link_address& one) {
        return one.family == said.family && one.local == said.address;
    };
    const auto found = std::ranges::find_if(model.addresses.items, same);
    return found != model.addresses.items.end() ? &*found : nullptr;
}

void compare_address(const network_model& model, const runtime_words& words, const said_address& said,
                     finding_list& found)
{
    const netlink::link_address* const there = find_address(model, said);
    if (there != nullptr && (!said.prefix_length || *said.prefix_length == there->prefix_length)) return;
    finding one;
    const std::string given = said_text(said);
    std::string instead;
    if (there != nullptr) {
        one.about.ifname = links_by_index(model).name(static_cast<std::uint32_t>(there->link_index));
        instead = text_of(*there);
        one.summary = fmt::format("{} has given {} in its network {}, and {} has {}", words.runtime, given,
                                  said.network, one.about.ifname, instead);
    } else {
        instead = addresses_there(model, said.family);
        one.summary =
            fmt::format("{} has given {} in its network {}, and no link has it", words.runtime, given, said.network);
    }
    one.seen.add("runtime", words.runtime).add("network", said.network).add("said", given).add("there", instead);
    found.add(std::move(one));
}

/// Whether the default route leads to a gateway, and to none that was said. One that routers have announced, and one
/// into a tunnel, are nothing that a runtime sets up.
const netlink::next_hop* other_gateway(const netlink::detailed_route& route, const runtime_words& words)
{
    const netlink::next_hop* other = nullptr;
    for (const netlink::next_hop& hop : route.hops) {
        if (hop.gateway_family == 0 || is_link_local(hop.gateway_family, hop.gateway)) return nullptr;
        const auto said = [&](const said_address& one) {
            return one.family == hop.gateway_family && one.address == hop.gateway;
        };
        if (std::ranges::any_of(words.gateways, said)) return nullptr;
        if (other == nullptr) other = &hop;
    }
    return other;
}

void compare_gateway(const network_model& model, const runtime_words& words, std::uint8_t family, finding_list& found)
{
    const auto said = std::ranges::find(words.gateways, family, &said_address::family);
    const netlink::detailed_route* const route = effective_default(model, family);
    if (said == words.gateways.end() || route == nullptr || drops(*route)) return;
    const netlink::next_hop* const other = other_gateway(*route, words);
    if (other == nullptr) return;
    finding one;
    one.about.ifname = links_by_index(model).name(other->interface_index);
    const std::string through = netlink::address_text(other->gateway_family, other->gateway);
    one.summary = fmt::format("{} says that the {} gateway is {}, and the default route leads to {}", words.runtime,
                              family_text(family), said_text(*said), through);
    one.seen.add("runtime", words.runtime).add("network", said->network);
    one.seen.add("said", said_text(*said)).add("there", through);
    found.add(std::move(one));
}

void compare_network(const runtime_words& words, finding_list& found)
{
    if (!words.netns || !words.first_process_netns || *words.netns == *words.first_process_netns) return;
    finding one;
    one.summary = fmt::format(
        "the container's first process ({}) is in net:[{}], and not in net:[{}], which {} has "
        "set up",
        words.first_process, *words.first_process_netns, *words.netns, words.runtime);
    one.seen.add("runtime", words.runtime).add("pid", words.first_process);
    one.seen.add("said", *words.netns).add("there", *words.first_process_netns);
    found.add(std::move(one));
}

}  // namespace

finding_list look_for_runtime_disagrees(const network_model& model)
{
    finding_list found;
    for (const runtime_words& words : model.runtimes.items) {
        compare_network(words, found);
        for (const said_address& one : words.addresses) compare_address(model, words, one, found);
        for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}})
            compare_gateway(model, words, family, found);
    }
    return found;
}

}  // namespace nodescope::findings
