#include "server/api/network/network_request.hpp"

#include "core/text.hpp"
#include "server/api/network/whose_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace nodescope::api {

namespace {

constexpr std::size_t shown_bytes = 64;

result<std::vector<const network_part*>> parts_of(const url_query& given)
{
    std::vector<const network_part*> parts;
    if (!given.has("parts")) {
        for (const network_part& one : network_parts()) {
            if (!one.on_request) parts.push_back(&one);
        }
        return parts;
    }
    std::string_view rest = given.get("parts");
    while (true) {
        const std::string_view name = rest.substr(0, rest.find(','));
        const network_part* const found = find_network_part(name);
        if (found == nullptr) {
            return error(failure::invalid, fmt::format("network: there is no part \"{}\"; the parts are {}",
                                                       escape_untrusted(name, shown_bytes), network_part_names()));
        }
        parts.push_back(found);
        if (name.size() == rest.size()) break;
        rest.remove_prefix(name.size() + 1);
    }
    // The table's order, and each once.
    std::ranges::sort(parts);
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    return parts;
}

}  // namespace

result<network_query> parse_network_request(const url_query& given)
{
    if (const auto names = check_network_parameters(given, {"parts"}); !names) return names.error();
    auto whose = whose_network(given);
    if (!whose) return whose.error();
    auto parts = parts_of(given);
    if (!parts) return parts.error();
    return network_query(std::move(*whose), std::move(*parts));
}

}  // namespace nodescope::api
