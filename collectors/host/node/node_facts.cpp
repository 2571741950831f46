#include "collectors/host/node/node_facts.hpp"

#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "core/files/bounded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <sys/utsname.h>

namespace nodescope::host {

namespace {

constexpr std::size_t text_limit = 64UL * 1024UL;
/// A processor's flags alone are 2 KiB; this is enough for the largest machine Linux runs on.
constexpr std::size_t cpuinfo_limit = 64UL * 1024UL * 1024UL;

// On these the kernel's figure is no clock rate that means the same, and cAdvisor says 0.
#if defined(__arm__) || defined(__aarch64__) || defined(__s390x__)
constexpr bool has_clock_rate = false;
#else
constexpr bool has_clock_rate = true;
#endif

/// /sys/block/*/size counts these whatever the disk's own sectors are.
constexpr std::uint64_t sector_bytes = 512;

constexpr std::array<std::string_view, 3> ignored_disks{"loop", "ram", "sr"};

bool is_ignored_disk(std::string_view name)
{
    return std::any_of(ignored_disks.begin(), ignored_disks.end(),
                       [name](std::string_view prefix) { return name.starts_with(prefix); });
}

std::string first_word(const std::string& root, std::initializer_list<std::string_view> paths)
{
    for (const std::string_view path : paths) {
        if (auto word = blocking_word({root, path})) return std::move(*word);
    }
    return "";
}

std::string read_os_name(const std::string& root)
{
    for (const std::string_view path : {"/etc/os-release", "/usr/lib/os-release"}) {
        const auto file = files::read_file({root, path}, text_limit);
        if (file) return parse_os_name(file->text).value_or("Linux");
    }
    return "Unknown";
}

void read_names(const std::string& root, node_facts& facts)
{
    utsname kernel{};
    if (::uname(&kernel) == 0) facts.kernel_version = static_cast<const char*>(kernel.release);
    facts.os_name = read_os_name(root);
    facts.machine_id = first_word(root, {"/etc/machine-id", "/var/lib/dbus/machine-id"});
    // The first is root's to read. The machine id is not another spelling of it: empty is right then.
    facts.system_uuid = first_word(
        root, {"/sys/class/dmi/id/product_uuid", "/proc/device-tree/system-id", "/proc/device-tree/vm,uuid"});
    facts.boot_id = first_word(root, {"/proc/sys/kernel/random/boot_id"});
}

std::map<std::string, memory_modules> read_modules(const std::string& root)
{
    constexpr std::uint64_t mebibyte = 1024UL * 1024UL;
    const files::place directory(root, "/sys/devices/system/edac/mc");
    std::map<std::string, memory_modules> modules;
    for (const numbered_name& controller : numbered(blocking_names(directory), "mc")) {
        const files::place slots = directory / controller.name;
        for (const numbered_name& slot : numbered(blocking_names(slots), "dimm")) {
            const auto type = blocking_word(slots / slot.name / "dimm_mem_type");
            const auto size = blocking_number<std::uint64_t>(slots / slot.name / "size");
            if (!type || !size || *size > std::numeric_limits<std::uint32_t>::max()) continue;
            memory_modules& of_type = modules[*type];
            of_type.capacity += *size * mebibyte;
            ++of_type.count;
        }
    }
    return modules;
}

result<void> read_memory(const std::string& root, node_facts& facts)
{
    const auto meminfo = files::read_file({root, "/proc/meminfo"}, text_limit);
    if (!meminfo) return error(meminfo.error().kind(), "machine: " + meminfo.error().message());
    facts.memory = parse_meminfo(meminfo->text, "MemTotal");
    facts.swap = parse_meminfo(meminfo->text, "SwapTotal");
    if (facts.memory == 0) return error(failure::malformed, "machine: meminfo: no MemTotal");
    facts.modules = read_modules(root);
    facts.huge_pages = blocking_read_huge_pages({root, "/sys/kernel/mm/hugepages"});
    return {};
}

void read_processors(const std::string& root, node_facts& facts)
{
    facts.topology = blocking_read_topology(root);
    std::set<int> sockets;
    std::size_t cores = 0;
    for (const numa_node& node : facts.topology) {
        for (const cpu_core& core : node.cores) {
            sockets.insert(core.socket);
            ++cores;
            facts.cores += core.threads.size();
        }
    }
    facts.sockets = std::max<std::size_t>(sockets.size(), 1);

    cpu_summary summary;
    if (const auto cpuinfo = files::read_file({root, "/proc/cpuinfo"}, cpuinfo_limit)) {
        summary = parse_cpuinfo(cpuinfo->text);
    }
    facts.cpu_vendor = std::move(summary.vendor);
    if (facts.cores == 0) facts.cores = summary.processors;
    facts.physical_cores = cores == 0 ? facts.cores : cores;
    if (!has_clock_rate) return;
    const auto fastest =
        blocking_number<std::uint64_t>({root, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"});
    facts.cpu_khz = fastest.value_or(summary.first_khz);
}

}  // namespace

std::vector<block_device> blocking_read_block_devices(const std::string& root)
{
    const files::place directory(root, "/sys/block");
    std::vector<block_device> disks;
    for (const std::string& name : blocking_names(directory)) {
        if (is_ignored_disk(name)) continue;
        const files::place disk = directory / name;
        const auto number = parse_device_number(blocking_word(disk / "dev").value_or(""));
        if (!number || blocking_number<int>(disk / "hidden") == 1) continue;
        const std::uint64_t sectors = blocking_number<std::uint64_t>(disk / "size").value_or(0);
        block_device& one = disks.emplace_back();
        one.name = name;
        std::tie(one.major, one.minor) = *number;
        one.size = std::min(sectors, std::numeric_limits<std::uint64_t>::max() / sector_bytes) * sector_bytes;
        one.scheduler = parse_scheduler(blocking_word(disk / "queue/scheduler").value_or(""));
    }
    return disks;
}

std::vector<network_device> blocking_read_network_devices(const std::string& root)
{
    const files::place directory(root, "/sys/class/net");
    std::vector<network_device> interfaces;
    for (const std::string& name : blocking_names(directory)) {
        if (is_left_out(name, network_owner::node)) continue;
        const files::place interface = directory / name;
        const auto address = blocking_word(interface / "address");
        if (!address) continue;  // bonding_masters is a file among the interfaces
        network_device& one = interfaces.emplace_back();
        one.name = name;
        one.mac_address = *address;
        one.speed = blocking_number<std::int64_t>(interface / "speed").value_or(0);
        one.mtu = blocking_number<std::int64_t>(interface / "mtu").value_or(0);
    }
    return interfaces;
}

result<node_facts> blocking_read_node_facts(const std::string& root, deadline limit, const abandon_flag& abandoned)
{
    node_facts facts;
    if (const auto read = read_memory(root, facts); !read) return read.error();
    const std::array<void (*)(const std::string&, node_facts&), 4> parts{
        read_names,
        read_processors,
        [](const std::string& from, node_facts& into) { into.disks = blocking_read_block_devices(from); },
        [](const std::string& from, node_facts& into) { into.interfaces = blocking_read_network_devices(from); },
    };
    for (const auto part : parts) {
        if (abandoned.raised()) return error(failure::cancelled, "machine: the caller went away");
        if (limit.passed()) {
            return error(failure::timed_out, fmt::format("machine: not read within {}", duration_text(limit.limit())));
        }
        part(root, facts);
    }
    return facts;
}

}  // namespace nodescope::host
