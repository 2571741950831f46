#include "collectors/runtime/docker/networks.hpp"

#include "core/json/members.hpp"

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

}  // namespace

std::vector<container_address> parse_networks(std::string_view networks)
{
    std::vector<container_address> all;
    if (json_kind_of(networks) != json_kind::object) return all;
    const auto walked = for_each_json_member(networks, [&](std::string_view name, std::string_view one) {
        if (json_kind_of(one) != json_kind::object || name.size() > word_limit) return;
        for (const family_keys& keys : families) {
            container_address given;
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

}  // namespace nodescope::docker
