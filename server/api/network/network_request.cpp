#include "server/api/network/network_request.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/questions/opened_target.hpp"
#include "collectors/runtime/container_reference.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::api {

namespace {

constexpr std::size_t shown_bytes = 64;
constexpr std::array<std::string_view, 5> parameters_of_network{"container", "pod", "pid", "node", "parts"};

error wrong(std::string sentence) { return {failure::invalid, "network: " + std::move(sentence)}; }

result<void> check_names(const url_query& given)
{
    for (const auto& [name, value] : given.all()) {
        if (std::ranges::find(parameters_of_network, name) == parameters_of_network.end()) {
            return wrong(fmt::format("there is no parameter \"{}\": use container, pod, pid or node, and parts",
                                     escape_untrusted(name, shown_bytes)));
        }
        const auto same = [&name = name](const auto& pair) { return pair.first == name; };
        if (std::ranges::count_if(given.all(), same) > 1) return wrong(fmt::format("\"{}\" is given twice", name));
    }
    return {};
}

result<net_info_query> pod_query(std::string_view pod, std::string_view container)
{
    const auto parts = split_at(pod, '/');
    if (!parts) {
        return wrong(fmt::format("pod is \"{}\", and must be NAMESPACE/NAME", escape_untrusted(pod, shown_bytes)));
    }
    const auto which = kubernetes::pod_reference::parse(parts->first, parts->second);
    if (!which) return which.error();
    return net_info_query(which->pod_namespace(), which->pod_name(), std::string(container));
}

result<net_info_query> whose_network(const url_query& given)
{
    const bool pod = given.has("pod");
    const int named = (given.has("container") && !pod) + pod + given.has("pid") + given.has("node");
    if (named != 1) {
        return wrong(
            fmt::format("{} whose network: give exactly one of container=REF, pod=NAMESPACE/NAME (with "
                        "container=NAME or without), pid=NUMBER and node",
                        named == 0 ? "the request does not say" : "the request says more than once"));
    }
    if (pod) return pod_query(given.get("pod"), given.get("container"));
    if (given.has("pid")) {
        const auto pid = host::parse_pid(given.get("pid"));
        if (!pid) return pid.error();
        return net_info_query(*pid);
    }
    if (given.has("node")) {
        if (!given.get("node").empty()) return wrong("node takes no value");
        return net_info_query(init_pid);
    }
    auto reference = container_reference::parse(given.get("container"));
    if (!reference) return reference.error();
    return net_info_query(std::move(*reference));
}

result<std::vector<const network_part*>> parts_of(const url_query& given)
{
    std::vector<const network_part*> parts;
    if (!given.has("parts")) {
        for (const network_part& one : network_parts()) {
            if (one.by_default) parts.push_back(&one);
        }
        return parts;
    }
    std::string_view rest = given.get("parts");
    while (true) {
        const std::string_view name = rest.substr(0, rest.find(','));
        const network_part* const found = find_network_part(name);
        if (found == nullptr) {
            return wrong(fmt::format("there is no part \"{}\"; the parts are {}", escape_untrusted(name, shown_bytes),
                                     network_part_names()));
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
    if (const auto names = check_names(given); !names) return names.error();
    auto whose = whose_network(given);
    if (!whose) return whose.error();
    auto parts = parts_of(given);
    if (!parts) return parts.error();
    network_query query(std::move(*whose), std::move(*parts));
    query.of_node = given.has("node");
    return query;
}

}  // namespace nodescope::api
