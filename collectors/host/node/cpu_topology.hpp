// The NUMA nodes of the node, with their memory, CPU cores and caches, from <root>/sys/devices/system (kernel
// Documentation/ABI/stable/sysfs-devices-node, sysfs-devices-system-cpu).
#pragma once

#include "core/files/root.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nodescope::host {

/// Pages of one size that the kernel keeps apart.
struct huge_page_pool {
    huge_page_pool(std::uint64_t size, std::uint64_t pages) : page_kib(size), count(pages) {}
    bool operator==(const huge_page_pool&) const = default;
    std::uint64_t page_kib;
    std::uint64_t count;
};

struct cpu_cache {
    bool operator==(const cpu_cache&) const = default;
    int id = 0;
    std::uint64_t size = 0;  ///< bytes
    std::string type;        ///< "Data", "Instruction", "Unified"
    int level = 0;
};

struct cpu_core {
    bool operator==(const cpu_core&) const = default;
    int id = 0;
    int socket = 0;
    std::vector<int> threads;              ///< online logical CPUs, ascending
    std::vector<cpu_cache> caches;         ///< of this core alone
    std::vector<cpu_cache> uncore_caches;  ///< level 3 and up that a part of the node shares
};

struct numa_node {
    bool operator==(const numa_node&) const = default;
    int id = 0;
    std::uint64_t memory = 0;  ///< bytes; 0 when the kernel does not say
    std::vector<huge_page_pool> huge_pages;
    std::vector<cpu_core> cores;
    std::vector<cpu_cache> caches;  ///< shared by all CPUs of the node
    std::vector<std::uint64_t> distances;
};

/// By node number. A node may have no CPUs. Without NUMA the CPU packages (sockets) stand for nodes, without memory.
/// Empty when the kernel tells nothing. Blocking: for pool threads.
std::vector<numa_node> blocking_read_topology(const std::string& root);

/// The pools below a hugepages directory, in the order of the directory's sorted names. Blocking: for pool threads.
std::vector<huge_page_pool> blocking_read_huge_pages(const files::place& directory);

}  // namespace nodescope::host
