#include "core/url_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>

#include <arpa/inet.h>

namespace nodescope {

namespace {

constexpr std::size_t longest_name = 253;

bool is_alphanumeric(char c) noexcept
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

error refused(const char* why) { return {failure::invalid, why}; }

/// inet_pton wants a terminated string; nothing that is longer than this is an address.
template <class Address>
std::optional<Address> parse_address(int family, std::string_view text) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    Address address{};
    if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
    std::memcpy(terminated.data(), text.data(), text.size());
    if (::inet_pton(family, terminated.data(), &address) != 1) return std::nullopt;
    return address;
}

bool is_name(std::string_view text) noexcept
{
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; };
    return text.size() <= longest_name && std::all_of(text.begin(), text.end(), allowed);
}

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
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
    constexpr std::size_t longest_port = 5;
    if (failed != std::errc() || end != rest.data() + rest.size() || rest.size() > longest_port) {
        return refused("the port is not a number from 0 to 65535");
    }
    parts.port = port;
    return parts;
}

std::string authority_text(std::string_view host, std::uint16_t port)
{
    if (host.find(':') == std::string_view::npos) return fmt::format("{}:{}", host, port);
    return fmt::format("[{}]:{}", host, port);
}

bool is_loopback_host(std::string_view host)
{
    if (host == "localhost") return true;
    if (const auto v4 = parse_address<in_addr>(AF_INET, host)) return ntohl(v4->s_addr) >> 24U == IN_LOOPBACKNET;
    const auto v6 = parse_address<in6_addr>(AF_INET6, host);
    if (v6 && IN6_IS_ADDR_V4MAPPED(&*v6)) return v6->s6_addr[12] == IN_LOOPBACKNET;
    return v6 && IN6_IS_ADDR_LOOPBACK(&*v6);
}

std::string percent_encode(std::string_view bytes)
{
    std::string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') out += c;
        else fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace nodescope
