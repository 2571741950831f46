#include "core/url_text.hpp"

#include "core/append_formatted.hpp"
#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope {

namespace {

constexpr std::size_t longest_name = 253;

constexpr byte_set name_bytes = byte_set::alphanumeric_and("-._");
/// RFC 3986, section 2.3.
constexpr byte_set unreserved_bytes = byte_set::alphanumeric_and("-._~");

error refused(const char* why) { return {failure::invalid, why}; }

bool is_name(std::string_view text) noexcept { return text.size() <= longest_name && name_bytes.contains_all(text); }

}  // namespace

result<host_and_port> parse_host_and_port(std::string_view text)
{
    constexpr const char* brackets = "an IPv6 address stands in brackets, and nothing else does";
    host_and_port parts;
    std::string_view rest;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return refused(brackets);
        parts.host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
        const std::size_t zone = std::min(parts.host.find('%'), parts.host.size());
        parts.is_address = parse_address<in6_addr>(AF_INET6, parts.host.substr(0, zone)).has_value() &&
                           zone + 1 != parts.host.size() &&
                           is_name(parts.host.substr(std::min(zone + 1, parts.host.size())));
        if (!parts.is_address || (!rest.empty() && rest.front() != ':')) return refused(brackets);
    } else {
        const std::size_t colon = std::min(text.find(':'), text.size());
        parts.host = text.substr(0, colon);
        rest = text.substr(colon);
        if (text.find(':', colon + 1) != std::string_view::npos) return refused(brackets);
        if (parts.host.empty()) return refused("the host is missing");
        if (!is_name(parts.host)) return refused("the host is neither an address nor a name");
        parts.is_address = parse_address<in_addr>(AF_INET, parts.host).has_value();
    }
    if (rest.empty()) return parts;
    rest.remove_prefix(1);
    constexpr std::size_t longest_port = 5;
    if (rest.size() <= longest_port) parts.port = whole_number<std::uint16_t>(rest);
    if (!parts.port) return refused("the port is not a number from 0 to 65535");
    return parts;
}

std::string authority_text(std::string_view host, std::uint16_t port)
{
    if (host.find(':') == std::string_view::npos) return fmt::format("{}:{}", host, port);
    return fmt::format("[{}]:{}", host, port);
}

bool is_loopback(const in_addr& address) noexcept
{
    return ntohl(address.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

bool is_loopback(const in6_addr& address) noexcept
{
    constexpr std::size_t first_of_v4 = 12;
    if (IN6_IS_ADDR_V4MAPPED(&address)) return address.s6_addr[first_of_v4] == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&address);
}

bool is_loopback(const sockaddr_storage& address) noexcept
{
    if (address.ss_family == AF_INET) return is_loopback(reinterpret_cast<const sockaddr_in*>(&address)->sin_addr);
    return address.ss_family == AF_INET6 && is_loopback(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr);
}

bool is_loopback_host(std::string_view host)
{
    if (host == "localhost") return true;
    if (const auto v4 = parse_address<in_addr>(AF_INET, host)) return is_loopback(*v4);
    const auto v6 = parse_address<in6_addr>(AF_INET6, host);
    return v6 && is_loopback(*v6);
}

std::string percent_encode(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        if (unreserved_bytes.contains(c)) out += c;
        else append_formatted(out, "%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace nodescope
