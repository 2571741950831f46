// Entries of a neighbour table (ARP, NDP) or of a bridge's forwarding table: the kernel tells both alike.
#pragma once

#include "netlink/model/address.hpp"
#include "netlink/model/link.hpp"

#include <cstdint>
#include <optional>

namespace nodescope::netlink {

/// How long ago, in hundredths of a second (USER_HZ).
struct neighbour_ages {
    std::uint32_t confirmed = 0;
    std::uint32_t used = 0;
    std::uint32_t updated = 0;
    std::uint32_t references = 0;
};

/// What is not set was not in the message.
struct neighbour {
    std::uint8_t family = 0;  ///< AF_BRIDGE: of a forwarding table
    std::uint8_t flags = 0;   ///< NTF_*
    std::uint16_t state = 0;  ///< NUD_*
    std::uint32_t interface_index = 0;
    std::uint32_t more_flags = 0;            ///< NTF_EXT_*
    std::optional<network_address> address;  ///< of the neighbour, or of the tunnel's other end
    std::uint8_t address_family = 0;         ///< of `address`
    std::optional<hardware_address> hardware;
    std::optional<neighbour_ages> ages;
    std::optional<std::uint32_t> probes;
    std::uint8_t protocol = 0;  ///< RTPROT_*: who made it
    std::uint16_t vlan = 0;     ///< 0: none
    std::optional<std::uint16_t> port;
    std::optional<std::uint32_t> vni;
    std::optional<std::uint32_t> source_vni;
    std::optional<std::uint32_t> via_interface;
    std::optional<std::uint32_t> nexthop_id;
    std::optional<std::uint32_t> link_namespace;  ///< an id of RTM_GETNSID
    std::optional<std::uint32_t> master;
};

}  // namespace nodescope::netlink
