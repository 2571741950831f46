// The parts of URLs that several rooms read or write: addresses, the host and port of an authority, percent-encoding.
#pragma once

#include "core/error.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <arpa/inet.h>

namespace nodescope {

/// The in_addr (AF_INET) or in6_addr (AF_INET6) that a text is, whole and without a zone.
template <class Address>
std::optional<Address> parse_address(int family, std::string_view text) noexcept
{
    // inet_pton wants a terminated string; no address is longer than this.
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    Address address{};
    if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
    std::memcpy(terminated.data(), text.data(), text.size());
    if (::inet_pton(family, terminated.data(), &address) != 1) return std::nullopt;
    return address;
}

/// "host", "host:port", "[v6]" or "[v6]:port", taken apart. Views into the text.
struct host_and_port {
    std::string_view host;    ///< without brackets, never empty; of an IPv6 address with its zone ("fe80::1%eth0")
    bool is_address = false;  ///< IPv4 in four numbers or IPv6, else a name of letters, digits, '-', '.' and '_'
    std::optional<std::uint16_t> port;
};

/// failure::invalid with a clause that says what is wrong. Nothing is resolved, and the port may be 0.
result<host_and_port> parse_host_and_port(std::string_view text);

/// "host:port" or "[v6]:port".
std::string authority_text(std::string_view host, std::uint16_t port);

/// 127.0.0.0/8; ::1, and the first mapped into IPv6.
bool is_loopback(const in_addr& address) noexcept;
bool is_loopback(const in6_addr& address) noexcept;
bool is_loopback(const sockaddr_storage& address) noexcept;

/// Whether only this machine can answer there, as far as the text shows: localhost, or such an address.
bool is_loopback_host(std::string_view host);

/// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view bytes);

}  // namespace nodescope
