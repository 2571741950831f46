// The words iproute2 uses for link types and the forms in which it writes link-layer addresses.
#pragma once

#include "netlink/model/link.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace nodescope::netlink {

/// "ether" for ARPHRD_ETHER and so on; empty for types that iproute2 6.1 has no word for (it writes `[519]` then).
std::string_view hardware_type_name(std::uint16_t type) noexcept;

/// Appends the address in the form of its link type: IPv4 for IPv4 tunnels, a call sign for AX.25, else hexadecimal.
void append_hardware_address(std::string& out, const hardware_address& address, std::uint16_t type);

}  // namespace nodescope::netlink
