// What a node is: its name tags, memory, CPUs and devices, gathered in one pass over <root>/proc, /sys and /etc.
#pragma once

#include "collectors/host/node/cpu_topology.hpp"
#include "collectors/host/node/node_devices.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// Memory modules of one kind, as the EDAC drivers see them.
struct memory_modules {
    bool operator==(const memory_modules&) const = default;
    std::uint64_t capacity = 0;  ///< bytes
    std::size_t count = 0;
};

struct node_facts {
    node_facts() = default;
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
