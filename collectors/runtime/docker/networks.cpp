#include "collectors/runtime/docker/networks.hpp"

#include "core/json/members.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

namespace nodescope::docker {

namespace {

/// No name of a network that Docker takes is longer, and no address.
constexpr std::size_t word_limit = 256;

struct family_keys {
    std::string_view address;
    std::string_view prefix_length;
    std::string_view gateway;
};
constexpr family_keys families[] = {{"IPAddress", "IPPrefixLen", "Gateway"},
                                    {"GlobalIPv6Address", "GlobalIPv6PrefixLen", "IPv6Gateway"}};

/// "80/tcp"; 0: none.
std::uint16_t tcp_port(std::string_view key)
{
    constexpr std::string_view behind = "/tcp";
    if (!key.ends_with(behind)) return 0;
    key.remove_suffix(behind.size());
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(key.data(), key.data() + key.size(), port);
    return failed == std::errc() && end == key.data() + key.size() ? port : std::uint16_t{0};
}

bool is_bound(std::string_view bindings)
{
    // "[]" is what is left of a binding that was taken away.
    if (json_kind_of(bindings) != json_kind::array) return false;
    return bindings.find('{') != std::string_view::npos;
}

}  // namespace

std::vector<given_address> parse_networks(std::string_view networks)
{
    std::vector<given_address> all;
    if (json_kind_of(networks) != json_kind::object) return all;
    const auto walked = for_each_json_member(networks, [&](std::string_view name, std::string_view one) {
        if (json_kind_of(one) != json_kind::object || name.size() > word_limit) return;
        for (const family_keys& keys : families) {
            given_address given;
            const auto read = read_json_members(one, {{keys.address, &given.address},
                                                      {keys.prefix_length, &given.prefix_length},
                                                      {keys.gateway, &given.gateway}});
            const bool fits = given.address.size() <= word_limit && given.gateway.size() <= word_limit;
            if (!read || !fits || given.address.empty() || all.size() >= network_address_limit) continue;
            given.network = name;
            all.push_back(std::move(given));
        }
    });
    if (!walked) all.clear();
    return all;
}

std::vector<std::uint16_t> parse_published_ports(std::string_view ports)
{
    std::vector<std::uint16_t> all;
    if (json_kind_of(ports) != json_kind::object) return all;
    const auto walked = for_each_json_member(ports, [&](std::string_view key, std::string_view bindings) {
        const std::uint16_t port = tcp_port(key);
        if (port != 0 && all.size() < published_port_limit && is_bound(bindings)) all.push_back(port);
    });
    if (!walked) all.clear();
    std::ranges::sort(all);
    return all;
}

result<network_words> parse_network_words(std::string_view body, std::string_view id)
{
    network_words made;
    std::string answered;
    std::string_view networks;
    std::string_view ports;
    const auto read = read_json_members(body, {{"Id", &answered},
                                               {"State/Pid", &made.pid},
                                               {"NetworkSettings/SandboxKey", &made.network_file},
                                               {"NetworkSettings/Networks", &networks},
                                               {"NetworkSettings/Ports", &ports}});
    if (!read) return read.error();
    if (answered != id) return error(failure::gone, "the answer is about another container");
    made.addresses = parse_networks(networks);
    made.tcp_ports = parse_published_ports(ports);
    return made;
}

}  // namespace nodescope::docker
