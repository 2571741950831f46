// The disks and network interfaces that the kernel lists in <root>/sys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nodescope::host {

/// A whole disk of /sys/block.
struct block_device {
    block_device() = default;
    bool operator==(const block_device&) const = default;
    std::string name;
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::uint64_t size = 0;  ///< bytes
    std::string scheduler;   ///< "none" without one
};

/// Sorted by name, without loop and RAM devices, CD drives and devices the kernel hides. Blocking: for pool threads.
std::vector<block_device> blocking_read_block_devices(const std::string& root);

/// An interface of the network namespace that <root>/sys was mounted in: the node's.
struct network_device {
    network_device() = default;
    bool operator==(const network_device&) const = default;
    std::string name;
    std::string mac_address;
    std::int64_t speed = 0;  ///< Mbit/s; -1: the kernel does not know, 0: it cannot be asked
    std::int64_t mtu = 0;
};

/// Sorted by name, without loopback and the interfaces of container runtimes ("lo…", "veth…", "docker…", "nerdctl…").
/// Blocking: for pool threads.
std::vector<network_device> blocking_read_network_devices(const std::string& root);

}  // namespace nodescope::host
