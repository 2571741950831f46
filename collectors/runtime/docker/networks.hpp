// What the daemon says it has set up in the networks of a container.
#pragma once

#include "collectors/runtime/container.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace nodescope::docker {

/// NetworkSettings.Networks of an inspect: of each network up to an address of either family, in the order of the
/// answer. What is no such object, and texts that are too long to be one of these, say nothing.
std::vector<container_address> parse_networks(std::string_view networks);

/// Addresses that are kept: a container has one or two.
inline constexpr std::size_t network_address_limit = 64;

}  // namespace nodescope::docker
