// Rules that choose a routing table (ip-rule(8)).
#pragma once

#include <cstdint>

namespace nodescope::netlink {

struct routing_rule {
    std::uint8_t family = 0;
    std::uint8_t action = 0;  ///< FR_ACT_*
    std::uint32_t priority = 0;
    std::uint32_t table = 0;

    friend bool operator==(const routing_rule&, const routing_rule&) = default;
};

}  // namespace nodescope::netlink
