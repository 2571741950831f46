#include "collectors/host/node/node_devices.hpp"

#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "core/files/bounded_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

namespace nodescope::host {

namespace {

/// /sys/block/*/size counts these whatever the disk's own sectors are.
constexpr std::uint64_t sector_bytes = 512;

constexpr std::array<std::string_view, 3> ignored_disks{"loop", "ram", "sr"};
constexpr std::array<std::string_view, 4> ignored_interfaces{"lo", "veth", "docker", "nerdctl"};

bool begins_with_one_of(std::string_view name, std::span<const std::string_view> prefixes)
{
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [name](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

std::vector<block_device> blocking_read_block_devices(const std::string& root)
{
    const files::place directory(root, "/sys/block");
    std::vector<block_device> disks;
    for (const std::string& name : blocking_names(directory)) {
        if (begins_with_one_of(name, ignored_disks)) continue;
        const files::place disk = directory / name;
        const auto number = parse_device_number(blocking_word(disk / "dev").value_or(""));
        if (!number || blocking_number<int>(disk / "hidden") == 1) continue;
        const std::uint64_t sectors = blocking_number<std::uint64_t>(disk / "size").value_or(0);
        block_device& one = disks.emplace_back();
        one.name = name;
        one.major = number->first;
        one.minor = number->second;
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
        if (begins_with_one_of(name, ignored_interfaces)) continue;
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

}  // namespace nodescope::host
