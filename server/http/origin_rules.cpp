#include "server/http/origin_rules.hpp"

#include "server/http/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include <arpa/inet.h>

namespace nodescope::http {

namespace {

constexpr byte_set name_bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");
constexpr byte_set ipv6_bytes("0123456789abcdefABCDEF:.");
constexpr std::size_t longest_name = 253;

bool is_port(std::string_view text) noexcept
{
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
    return failed == std::errc{} && end == text.data() + text.size() && text.size() <= 5;
}

/// inet_pton wants a terminated string; nothing that is longer than this is an address.
bool is_address(int family, std::string_view text) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    std::array<unsigned char, sizeof(in6_addr)> address{};
    if (text.size() >= terminated.size()) return false;
    std::memcpy(terminated.data(), text.data(), text.size());
    return inet_pton(family, terminated.data(), address.data()) == 1;
}

struct host_name {
    std::string_view text;
    bool is_literal;
};

/// Host without its port; nothing when malformed.
std::optional<host_name> parse_authority(std::string_view authority) noexcept
{
    std::size_t end = 0;
    host_name host{};
    if (!authority.empty() && authority.front() == '[') {
        end = authority.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host = {authority.substr(1, end - 1), true};
        if (!ipv6_bytes.contains_all(host.text) || !is_address(AF_INET6, host.text)) return std::nullopt;
        ++end;
    } else {
        end = std::min(authority.find(':'), authority.size());
        host = {authority.substr(0, end), false};
        if (host.text.empty() || host.text.size() > longest_name || !name_bytes.contains_all(host.text)) {
            return std::nullopt;
        }
        host.is_literal = is_address(AF_INET, host.text);
    }
    const std::string_view rest = authority.substr(end);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
    return host;
}

}  // namespace

origin_rules::origin_rules(std::vector<std::string> allowed_hosts, std::vector<std::string> allowed_origins)
    : allowed_hosts_(std::move(allowed_hosts)), allowed_origins_(std::move(allowed_origins))
{
}

refusal origin_rules::check_host(std::string_view authority) const
{
    const auto host = parse_authority(authority);
    if (!host) return {400, "malformed Host"};
    if (host->is_literal || equals_ignoring_case(host->text, "localhost")) return {};
    const bool allowed = std::any_of(allowed_hosts_.begin(), allowed_hosts_.end(),
                                     [&](std::string_view name) { return equals_ignoring_case(name, host->text); });
    if (allowed) return {};
    return {421, "this service does not answer for that Host"};
}

refusal origin_rules::check_origin(const request_head& head) const
{
    if (head.origin &&
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
