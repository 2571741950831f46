// What a node is: its name tags, memory, CPUs and devices, gathered in one pass over <root>/proc, /sys and /etc.
#pragma once

#include "collectors/host/node/cpu_topology.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace nodescope::host {

/// A whole disk of /sys/block.
struct block_device {
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
    bool operator==(const network_device&) const = default;
    std::string name;
    std::string mac_address;
    std::int64_t speed = 0;  ///< Mbit/s; -1: the kernel does not know, 0: it cannot be asked
    std::int64_t mtu = 0;
};

/// Sorted by name, without loopback and the interfaces of container runtimes ("lo…", "veth…", "docker…", "nerdctl…").
/// Blocking: for pool threads.
std::vector<network_device> blocking_read_network_devices(const std::string& root);

/// Memory modules of one kind, as the EDAC drivers see them.
struct memory_modules {
    bool operator==(const memory_modules&) const = default;
    std::uint64_t capacity = 0;  ///< bytes
    std::size_t count = 0;
};

struct node_facts {
    std::string kernel_version;
    std::string os_name;  ///< "Debian GNU/Linux 12 (bookworm)"; "Linux" or "Unknown" when the node does not say
    std::string machine_id;
    std::string system_uuid;
    std::string boot_id;
    std::string cpu_vendor;
    std::size_t cores = 0;  ///< online logical CPUs
    std::size_t physical_cores = 0;
    std::size_t sockets = 0;
    std::uint64_t cpu_khz = 0;
    std::uint64_t memory = 0;  ///< bytes
    std::uint64_t swap = 0;    ///< bytes
    std::map<std::string, memory_modules> modules;
    std::vector<huge_page_pool> huge_pages;
    std::vector<block_device> disks;
    std::vector<network_device> interfaces;
    std::vector<numa_node> topology;
};

/// What is missing stays empty, but without <root>/proc/meminfo `root` is not a node: its failure. failure::timed_out
/// and failure::cancelled between the parts. Blocking: for pool threads.
result<node_facts> blocking_read_node_facts(const std::string& root, deadline limit, const abandon_flag& abandoned);

}  // namespace nodescope::host
