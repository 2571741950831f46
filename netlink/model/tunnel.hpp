// What a tunnel adds to the packets that go through it.
#pragma once

#include "netlink/model/address.hpp"
#include "netlink/model/link_details.hpp"

#include <cstdint>
#include <optional>

namespace nodescope::netlink {

/// What a tunnel puts before a packet, and where it goes.
struct tunnel {
    std::uint32_t header = 0;  ///< at least, in bytes
    std::uint8_t family = 0;   ///< of what carries it
    std::optional<network_address> local;
    std::optional<network_address> remote;
};

/// None for a link that is no tunnel, or one that is not known here.
std::optional<tunnel> tunnel_of(const link_kind& kind);

}  // namespace nodescope::netlink
