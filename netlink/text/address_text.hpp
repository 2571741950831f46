// Network addresses as text.
#pragma once

#include "netlink/model/address.hpp"

#include <cstdint>
#include <string>

namespace nodescope::netlink {

/// As iproute2 writes it; "???" for families other than IPv4 and IPv6.
void append_address(std::string& out, std::uint8_t family, const network_address& address);
std::string address_text(std::uint8_t family, const network_address& address);

}  // namespace nodescope::netlink
