// The gateways that routes lead to, each told once.
#pragma once

#include "collectors/findings/network_model.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nodescope::findings {

/// A next hop that the kernel looks for among the neighbours of a link, and who uses it.
struct used_gateway {
    netlink::network_address address;
    std::uint8_t family = 0;  ///< of the address
    std::uint32_t interface_index = 0;
    const netlink::detailed_route* first = nullptr;  ///< of the routes that lead to it; default routes first
    std::size_t routes = 0;
    bool on_link = false;  ///< all of them are marked `onlink`
};

/// Without those behind a tunnel that is the route's own (encapsulation), and those on links without neighbours
/// (point-to-point, NOARP).
std::vector<used_gateway> used_gateways(const network_model& model);

/// "10.0.0.1"
std::string text_of(const used_gateway& gateway);

/// "the default route", "10.0.0.0/8 and 3 more routes"
std::string routes_text(const used_gateway& gateway);

}  // namespace nodescope::findings
