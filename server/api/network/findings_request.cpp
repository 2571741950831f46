#include "server/api/network/findings_request.hpp"

#include "core/text.hpp"
#include "server/api/network/whose_network.hpp"

#include <fmt/format.h>

#include <utility>

namespace nodescope::api {

result<findings_query> parse_findings_request(const url_query& given)
{
    if (const auto names = check_network_parameters(given, "severity"); !names) return names.error();
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
    return findings_query(std::move(*whose), least);
}

}  // namespace nodescope::api
