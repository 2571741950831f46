// What the rules look at that a container's runtime says it has set up.
#pragma once

#include "netlink/model/address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::findings {

/// An address, or a gateway, that a runtime has given a container.
struct said_address {
    std::string network;  ///< what it calls it
    std::uint8_t family = 0;
    netlink::network_address address;
    std::optional<std::uint8_t> prefix_length;
};

struct runtime_words {
    std::string runtime;  ///< "docker"
    std::vector<said_address> addresses;
    std::vector<said_address> gateways;
    std::vector<std::uint16_t> tcp_ports;  ///< of the container, that are reached from outside through the runtime
    std::optional<std::uint64_t> netns;    ///< the inode of the namespace that it has made
    std::uint64_t first_process = 0;       ///< of the container
    std::optional<std::uint64_t> first_process_netns;
};

}  // namespace nodescope::findings
