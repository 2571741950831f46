// How many local ports of TCP are used towards which destination.
#pragma once

#include "netlink/model/address.hpp"

#include <cstdint>

namespace nodescope::netlink {

/// Addresses of IPv4 also where an IPv6 socket has them (::ffff:10.0.0.1): they use up the same ports.
struct port_use {
    std::uint8_t family = 0;
    network_address local;
    network_address remote;
    std::uint16_t remote_port = 0;  ///< in host order
    std::uint32_t ports = 0;        ///< local ones, each in one connection
};

}  // namespace nodescope::netlink
