// An address of IPv4 or IPv6 as inet_ntop(3) writes it.
#pragma once

#include "netlink/model/address.hpp"

#include <cstdint>
#include <string>

namespace nodescope::netlink {

/// Empty for another family.
std::string address_text(std::uint8_t family, const network_address& address);

}  // namespace nodescope::netlink
