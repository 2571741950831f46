#include "collectors/host/node/cpu_topology.hpp"

#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "core/files/bounded_file.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

namespace nodescope::host {

namespace {

constexpr std::size_t node_meminfo_limit = 64UL * 1024UL;
/// Caches from this level on may be shared between cores.
constexpr int first_shared_level = 3;

struct shared_cache {
    cpu_cache cache;
    std::size_t cpus = 0;  ///< that share it
};

std::vector<shared_cache> read_caches(const files::place& cpu)
{
    std::vector<shared_cache> found;
    for (const numbered_name& entry : numbered(blocking_names(cpu / "cache"), "index")) {
        const files::place directory = cpu / "cache" / entry.name;
        const auto size = parse_cache_size(blocking_word(directory / "size").value_or(""));
        const auto cpus = count_cpu_mask(blocking_word(directory / "shared_cpu_map").value_or(""));
        const auto level = blocking_number<int>(directory / "level");
        if (!size || !cpus || !level) continue;
        shared_cache& one = found.emplace_back();
        one.cpus = *cpus;
        one.cache.id = blocking_number<int>(directory / "id").value_or(0);
        one.cache.size = *size;
        one.cache.type = blocking_word(directory / "type").value_or("");
        one.cache.level = *level;
    }
    return found;
}

/// Puts one CPU into the core it is a thread of; where the kernel does not say which, it is a core of its own. CPUs
/// that are offline are left out.
void add_cpu(std::vector<cpu_core>& cores, const files::place& cpu, int number)
{
    if (blocking_number<int>(cpu / "online") == 0) return;  // cpu0 mostly has no such file
    const auto id = blocking_number<int>(cpu / "topology/core_id");
    const int socket = blocking_number<int>(cpu / "topology/physical_package_id").value_or(0);
    auto core = std::find_if(cores.begin(), cores.end(),
                             [&](const cpu_core& known) { return known.id == id && known.socket == socket; });
    if (core == cores.end()) {
        core = cores.emplace(cores.end());
        core->id = id.value_or(number);
        core->socket = socket;
    }
    core->threads.push_back(number);
}

/// Tells by the number of CPUs that share a cache whose it is; those of neither a core nor more are left out.
void add_caches(numa_node& node, const files::place& cpus)
{
    std::size_t threads_of_node = 0;
    for (const cpu_core& core : node.cores) threads_of_node += core.threads.size();
    for (cpu_core& core : node.cores) {
        for (shared_cache& one : read_caches(cpus / ("cpu" + std::to_string(core.threads.front())))) {
            if (one.cache.level < first_shared_level) {
                if (one.cpus == core.threads.size()) core.caches.push_back(std::move(one.cache));
            } else if (one.cpus != threads_of_node) {
                core.uncore_caches.push_back(std::move(one.cache));
            } else if (std::find(node.caches.begin(), node.caches.end(), one.cache) == node.caches.end()) {
                node.caches.push_back(std::move(one.cache));
            }
        }
    }
}

numa_node read_node(const files::place& directory, int id, const files::place& cpus)
{
    numa_node node;
    node.id = id;
    for (const numbered_name& cpu : numbered(blocking_names(directory), "cpu")) {
        add_cpu(node.cores, directory / cpu.name, cpu.number);
    }
    add_caches(node, cpus);
    if (const auto meminfo = files::read_file(directory / "meminfo", node_meminfo_limit)) {
        node.memory = parse_meminfo(meminfo->text, "MemTotal");
    }
    node.huge_pages = blocking_read_huge_pages(directory / "hugepages");
    const std::string distances = blocking_word(directory / "distance").value_or("");
    for (fields words(distances);;) {
        const auto distance = whole_number<std::uint64_t>(words.next());
        if (!distance) break;
        node.distances.push_back(*distance);
    }
    return node;
}

/// Without NUMA: each package stands for a node.
std::vector<numa_node> read_packages(const files::place& cpus)
{
    std::vector<cpu_core> cores;
    for (const numbered_name& cpu : numbered(blocking_names(cpus), "cpu")) {
        add_cpu(cores, cpus / cpu.name, cpu.number);
    }
    std::map<int, numa_node> packages;
    for (cpu_core& core : cores) {
        numa_node& package = packages[core.socket];
        package.id = core.socket;
        package.cores.push_back(std::move(core));
    }
    std::vector<numa_node> nodes;
    for (auto& [id, package] : packages) {
        add_caches(package, cpus);
        nodes.push_back(std::move(package));
    }
    return nodes;
}

}  // namespace

std::vector<numa_node> blocking_read_topology(const std::string& root)
{
    const files::place cpus(root, "/sys/devices/system/cpu");
    const files::place directory(root, "/sys/devices/system/node");
    std::vector<numa_node> nodes;
    for (const numbered_name& entry : numbered(blocking_names(directory), "node")) {
        nodes.push_back(read_node(directory / entry.name, entry.number, cpus));
    }
    return nodes.empty() ? read_packages(cpus) : nodes;
}

std::vector<huge_page_pool> blocking_read_huge_pages(const files::place& directory)
{
    constexpr std::string_view prefix = "hugepages-";
    constexpr std::string_view suffix = "kB";
    std::vector<huge_page_pool> pools;
    for (const std::string& name : blocking_names(directory)) {
        if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
        const std::string_view middle =
            std::string_view(name).substr(prefix.size(), name.size() - prefix.size() - suffix.size());
        const auto size = whole_number<std::uint64_t>(middle);
        const auto count = blocking_number<std::uint64_t>(directory / name / "nr_hugepages");
        if (size && count) pools.emplace_back(*size, *count);
    }
    return pools;
}

}  // namespace nodescope::host
