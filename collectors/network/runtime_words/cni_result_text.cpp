#include "collectors/network/runtime_words/cni_results.hpp"
#include "core/json/members.hpp"

#include <algorithm>
#include <utility>

namespace nodescope {

namespace {

constexpr std::size_t sandboxes_limit = 8;

/// Of each interface its namespace; empty where that is the node's.
std::vector<std::string> sandboxes_of(std::string_view interfaces)
{
    std::vector<std::string> all;
    if (interfaces.empty()) return all;
    (void)for_each_json_element(interfaces, [&](std::string_view one) {
        if (all.size() < cni_addresses_limit) all.push_back(json_text_member(one, "sandbox"));
    });
    return all;
}

void take_address(std::string_view ip, const std::vector<std::string>& sandboxes, const std::string& network,
                  network_words& to)
{
    std::string prefix;
    given_address given;
    std::int64_t interface = -1;
    const auto read =
        read_json_members(ip, {{"address", &prefix}, {"gateway", &given.gateway}, {"interface", &interface}});
    if (!read || prefix.empty() || to.addresses.size() >= cni_addresses_limit) return;
    const bool known = interface >= 0 && std::cmp_less(interface, sandboxes.size());
    if (known && sandboxes[static_cast<std::size_t>(interface)].empty()) return;
    // Some plugins set another length than they say: pods that are routed to have a whole address (/32).
    given.address = prefix.substr(0, prefix.find('/'));
    given.network = network;
    to.addresses.push_back(std::move(given));
}

void take_port(std::string_view mapping, network_words& to)
{
    std::string protocol;
    std::int64_t port = 0;
    const auto read = read_json_members(mapping, {{"protocol", &protocol}, {"containerPort", &port}});
    const bool is_tcp = protocol.empty() || protocol == "tcp" || protocol == "TCP";
    if (!read || !is_tcp || port <= 0 || port > UINT16_MAX || to.tcp_ports.size() >= cni_ports_limit) return;
    to.tcp_ports.push_back(static_cast<std::uint16_t>(port));
}

}  // namespace

result<cni_result> parse_cni_result(std::string_view text)
{
    const auto whole = json_document(text);
    if (!whole) return whole.error();
    if (json_kind_of(*whole) != json_kind::object) return error(failure::malformed, "no JSON object");
    cni_result made;
    made.words.runtime = "cni";
    const std::string network = json_text_member(*whole, "networkName");
    // Before libcni 0.8 the file was the result alone.
    std::string_view result_of = json_member_of_kind(*whole, "result", json_kind::object);
    if (result_of.empty()) result_of = *whole;
    const auto sandboxes = sandboxes_of(json_member_of_kind(result_of, "interfaces", json_kind::array));
    for (const std::string& one : sandboxes) {
        if (one.empty() || made.sandboxes.size() >= sandboxes_limit) continue;
        if (std::ranges::find(made.sandboxes, one) == made.sandboxes.end()) made.sandboxes.push_back(one);
    }
    const std::string_view addresses = json_member_of_kind(result_of, "ips", json_kind::array);
    if (!addresses.empty()) {
        (void)for_each_json_element(addresses,
                                    [&](std::string_view one) { take_address(one, sandboxes, network, made.words); });
    }
    const std::string_view capabilities = json_member_of_kind(*whole, "capabilityArgs", json_kind::object);
    const std::string_view mappings = json_member_of_kind(capabilities, "portMappings", json_kind::array);
    if (!mappings.empty())
        (void)for_each_json_element(mappings, [&](std::string_view one) { take_port(one, made.words); });
    return made;
}

}  // namespace nodescope
