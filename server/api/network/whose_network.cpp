#include "server/api/network/whose_network.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/kubernetes/pod_source.hpp"
#include "collectors/runtime/container_reference.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace nodescope::api {

namespace {

constexpr std::size_t shown_parameter_bytes = 64;
constexpr std::array<std::string_view, 4> whose_parameters{"container", "pod", "pid", "node"};

error wrong(std::string sentence) { return {failure::invalid, "network: " + std::move(sentence)}; }

result<net_info_query> pod_query(std::string_view pod, std::string_view container)
{
    const auto parts = split_at(pod, '/');
    if (!parts) {
        return wrong(
            fmt::format("pod is \"{}\", and must be NAMESPACE/NAME", escape_untrusted(pod, shown_parameter_bytes)));
    }
    const auto which = kubernetes::pod_reference::parse(parts->first, parts->second);
    if (!which) return which.error();
    return net_info_query(which->pod_namespace(), which->pod_name(), std::string(container));
}

}  // namespace

result<void> check_network_parameters(const url_query& given, std::initializer_list<std::string_view> also)
{
    return check_network_parameters(given, std::span(also.begin(), also.size()));
}

result<void> check_network_parameters(const url_query& given, std::span<const std::string_view> also)
{
    for (const auto& [name, value] : given.all()) {
        const bool known = std::ranges::find(whose_parameters, name) != whose_parameters.end() ||
                           std::ranges::find(also, name) != also.end();
        if (!known) {
            return wrong(fmt::format("there is no parameter \"{}\": use container, pod, pid or node, and {}",
                                     escape_untrusted(name, shown_parameter_bytes), joined(also, ", ")));
        }
        const auto same = [&name = name](const auto& pair) { return pair.first == name; };
        if (std::ranges::count_if(given.all(), same) > 1) return wrong(fmt::format("\"{}\" is given twice", name));
    }
    return {};
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
        return net_info_query::of_node();
    }
    auto reference = container_reference::parse(given.get("container"));
    if (!reference) return reference.error();
    return net_info_query(std::move(*reference));
}

}  // namespace nodescope::api
