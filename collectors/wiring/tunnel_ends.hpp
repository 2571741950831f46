// Which two addresses a tunnel device packs packets between, and in which of several tunnels between them. Pure.
#pragma once

#include "netlink/model/address.hpp"
#include "netlink/model/link_details.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace nodescope {

struct tunnel_end {
    friend bool operator==(const tunnel_end&, const tunnel_end&) = default;
    std::string kind;
    std::uint8_t family = 0;
    netlink::network_address local;
    netlink::network_address remote;
    std::uint32_t sent_as = 0;      ///< the key or the number of the network that it writes
    std::uint32_t received_as = 0;  ///< and that it takes

    /// That of the device at the other end.
    [[nodiscard]] tunnel_end other() const;
    /// Equal for equal ends, and for no others.
    [[nodiscard]] std::string text() const;
};

/// None for what is no tunnel, and for one without two single addresses: its other end may be anywhere.
std::optional<tunnel_end> tunnel_end_of(const netlink::detailed_link& link);

/// IFLA_VXLAN_LINK: the device that a vxlan sends by, which not all kernels say as IFLA_LINK too. 0: none.
std::uint32_t vxlan_lower_of(const netlink::detailed_link& link);

}  // namespace nodescope
