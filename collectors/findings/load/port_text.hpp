// A port at an address, for sentences.
#pragma once

#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace nodescope::findings {

/// "10.0.0.1:80", "[fd00::1]:80"
inline std::string port_text(std::uint8_t family, const netlink::network_address& address, std::uint16_t port)
{
    const std::string text = netlink::address_text(family, address);
    return family == AF_INET6 ? fmt::format("[{}]:{}", text, port) : fmt::format("{}:{}", text, port);
}

}  // namespace nodescope::findings
