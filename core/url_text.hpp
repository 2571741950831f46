// The parts of URLs that several rooms read or write: the host and port of an authority, and percent-encoding.
#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope {

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

/// Whether only this machine answers there, as far as the text tells: localhost, 127.0.0.0/8 (as IPv6, too), ::1.
bool is_loopback_host(std::string_view host);

/// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view bytes);

}  // namespace nodescope
