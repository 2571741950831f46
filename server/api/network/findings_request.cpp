#include "server/api/network/findings_request.hpp"

#include "core/deadline.hpp"
#include "core/text.hpp"
#include "server/api/network/whose_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

/// A question may take 30 s in all.
constexpr std::chrono::seconds longest_interval{10};

result<std::chrono::milliseconds> parse_interval(std::string_view word)
{
    if (word == "0" || word == "0s") return std::chrono::milliseconds(0);
    auto interval = parse_duration(word);
    if (!interval) return error(failure::invalid, "findings: interval: " + interval.error().message());
    if (*interval <= longest_interval) return interval;
    return error(failure::invalid, fmt::format("findings: interval is {}, and may be {} at most",
                                               duration_text(*interval), duration_text(longest_interval)));
}

/// That nothing is asked for but all networks and a severity.
result<void> check_all(const url_query& given)
{
    for (const auto& [name, value] : given.all()) {
        if (name != "all" && name != "severity") {
            return error(failure::invalid,
                         "findings: all stands for the networks of the node and of all containers: "
                         "give only severity beside it");
        }
        const auto same = [&name = name](const auto& pair) { return pair.first == name; };
        if (std::ranges::count_if(given.all(), same) > 1)
            return error(failure::invalid, fmt::format("findings: \"{}\" is given twice", name));
    }
    if (!given.get("all").empty()) return error(failure::invalid, "findings: all takes no value");
    return {};
}

}  // namespace

result<findings_request> parse_findings_request(const url_query& given)
{
    findings_request asked;
    if (given.has("all")) {
        if (const auto checked = check_all(given); !checked) return checked.error();
    } else {
        if (const auto names = check_network_parameters(given, {"all", "severity", "interval"}); !names)
            return names.error();
        auto whose = whose_network(given);
        if (!whose) return whose.error();
        asked.whose = std::move(*whose);
    }
    if (given.has("severity")) {
        constexpr std::size_t longest_shown = 64;
        const std::string_view word = given.get("severity");
        const auto called = findings::severity_called(word);
        if (!called) {
            return error(failure::invalid,
                         fmt::format("findings: severity is \"{}\", and must be info, warning or error",
                                     escape_untrusted(word, longest_shown)));
        }
        asked.least = *called;
    }
    if (given.has("interval")) {
        const auto interval = parse_interval(given.get("interval"));
        if (!interval) return interval.error();
        asked.interval = *interval;
    }
    return asked;
}

}  // namespace nodescope::api
