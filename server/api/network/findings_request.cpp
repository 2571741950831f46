#include "server/api/network/findings_request.hpp"

#include "core/deadline.hpp"
#include "core/text.hpp"
#include "server/api/network/whose_network.hpp"

#include <fmt/format.h>

#include <chrono>
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

}  // namespace

result<findings_query> parse_findings_request(const url_query& given)
{
    if (const auto names = check_network_parameters(given, {"severity", "interval"}); !names) return names.error();
    auto whose = whose_network(given);
    if (!whose) return whose.error();
    findings::severity least = findings::severity::info;
    if (given.has("severity")) {
        constexpr std::size_t longest_shown = 64;
        const std::string_view word = given.get("severity");
        const auto called = findings::severity_called(word);
        if (!called) {
            return error(failure::invalid,
                         fmt::format("findings: severity is \"{}\", and must be info, warning or error",
                                     escape_untrusted(word, longest_shown)));
        }
        least = *called;
    }
    findings_query made(std::move(*whose), least);
    if (given.has("interval")) {
        const auto interval = parse_interval(given.get("interval"));
        if (!interval) return interval.error();
        made.interval = *interval;
    }
    return made;
}

}  // namespace nodescope::api
