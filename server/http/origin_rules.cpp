#include "server/http/origin_rules.hpp"

#include "core/ascii.hpp"
#include "core/url_text.hpp"

#include <algorithm>
#include <utility>

namespace nodescope::http {

namespace {

/// Compared as text: a browser leaves the scheme's usual port out of both.
bool is_own_origin(const request_head& head, std::string_view scheme) noexcept
{
    constexpr std::string_view separator = "://";
    std::string_view rest = *head.origin;
    if (!head.host || !rest.starts_with(scheme)) return false;
    rest.remove_prefix(scheme.size());
    if (!rest.starts_with(separator)) return false;
    return equals_ignoring_case(rest.substr(separator.size()), *head.host);
}

}  // namespace

origin_rules::origin_rules(std::vector<std::string> allowed_hosts, std::vector<std::string> allowed_origins)
    : allowed_hosts_(std::move(allowed_hosts)), allowed_origins_(std::move(allowed_origins))
{
}

refusal origin_rules::check_host(std::string_view authority) const
{
    const auto parts = parse_host_and_port(authority);
    // An address with a zone means something on the caller's machine only (RFC 6874, section 1).
    if (!parts || parts->host.find('%') != std::string_view::npos) return {400, "malformed Host"};
    if (parts->is_address || equals_ignoring_case(parts->host, "localhost")) return {};
    const bool allowed = std::any_of(allowed_hosts_.begin(), allowed_hosts_.end(),
                                     [&](std::string_view name) { return equals_ignoring_case(name, parts->host); });
    if (allowed) return {};
    return {421, "this service does not answer for that Host"};
}

refusal origin_rules::check_origin(const request_head& head, std::string_view scheme) const
{
    if (head.origin && !is_own_origin(head, scheme) &&
        std::find(allowed_origins_.begin(), allowed_origins_.end(), *head.origin) == allowed_origins_.end()) {
        return {403, "requests from web pages are not accepted"};
    }
    if (head.sec_fetch_site && *head.sec_fetch_site != "none" && *head.sec_fetch_site != "same-origin") {
        return {403, "requests from web pages are not accepted"};
    }
    return {};
}

bool is_json_content_type(std::string_view value) noexcept
{
    return equals_ignoring_case(trimmed(value.substr(0, value.find(';'))), "application/json");
}

}  // namespace nodescope::http
