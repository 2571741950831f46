// What the daemon says it has set up in the networks of a container.
#pragma once

#include "collectors/runtime/network_words.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace nodescope::docker {

/// NetworkSettings.Networks of an inspect: of each network up to an address of either family, in the order of the
/// answer. What is no such object, and texts that are too long to be one of these, say nothing.
std::vector<given_address> parse_networks(std::string_view networks);

/// NetworkSettings.Ports: the ports of TCP that a port of the node leads to, ascending. One that is only exposed is
/// null there.
std::vector<std::uint16_t> parse_published_ports(std::string_view ports);

/// All of them of an inspect, whose id is `id`. failure::malformed; failure::gone where it is another container's.
result<network_words> parse_network_words(std::string_view body, std::string_view id);

/// What is kept: a container has one or two addresses, and a range of ports may be published.
inline constexpr std::size_t network_address_limit = 64;
inline constexpr std::size_t published_port_limit = 1024;

}  // namespace nodescope::docker
