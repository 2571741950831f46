#include "netlink/json/context.hpp"

#include "netlink/text/hardware_names.hpp"

#include <fmt/format.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>
#include <iterator>

namespace nodescope::netlink {

namespace {

struct route_flag {
    std::uint32_t bit;
    std::string_view name;
};

// In iproute2's order.
constexpr route_flag route_flags[] = {
    {RTNH_F_DEAD, "dead"},
    {RTNH_F_ONLINK, "onlink"},
    {RTNH_F_PERVASIVE, "pervasive"},
    {RTNH_F_OFFLOAD, "offload"},
    {RTNH_F_TRAP, "trap"},
    {RTM_F_NOTIFY, "notify"},
    {RTNH_F_LINKDOWN, "linkdown"},
    {RTNH_F_UNRESOLVED, "unresolved"},
    {RTM_F_OFFLOAD, "rt_offload"},
    {RTM_F_TRAP, "rt_trap"},
    {RTM_F_OFFLOAD_FAILED, "rt_offload_failed"},
};

// By RTN_*.
constexpr std::string_view route_types[] = {
    "none",      "unicast",     "local",    "broadcast", "anycast", "multicast",
    "blackhole", "unreachable", "prohibit", "throw",     "nat",     "xresolve",
};

}  // namespace

std::string link_index::name(std::uint32_t index) const
{
    if (index == 0) return "*";
    const auto found = entries_.find(index);
    return found != entries_.end() && !found->second.name.empty() ? found->second.name : fmt::format("if{}", index);
}

bool link_index::is_down(std::uint32_t index) const
{
    const auto found = entries_.find(index);
    return found != entries_.end() && (found->second.flags & IFF_UP) == 0;
}

std::uint16_t link_index::type(std::uint32_t index) const
{
    const auto found = entries_.find(index);
    return found != entries_.end() ? found->second.type : static_cast<std::uint16_t>(ARPHRD_VOID);
}

std::string hexadecimal(std::uint64_t number) { return number == 0 ? "0" : fmt::format("{:#x}", number); }

std::string hardware_text(const hardware_address& address, std::uint16_t type)
{
    std::string text;
    append_hardware_address(text, address, type);
    return text;
}

std::string hardware_text(std::string_view bytes, std::uint16_t type)
{
    hardware_address address;
    address.size = static_cast<std::uint8_t>(std::min(bytes.size(), address.bytes.size()));
    std::memcpy(address.bytes.data(), bytes.data(), address.size);
    return hardware_text(address, type);
}

std::string route_type_name(std::uint8_t type)
{
    return type < std::size(route_types) ? std::string(route_types[type]) : std::to_string(type);
}

void write_route_flags(json_writer& json, std::uint32_t flags)
{
    json.array_member("flags", [&] {
        for (const route_flag& flag : route_flags) {
            if ((flags & flag.bit) != 0) json.plain_value(flag.name);
        }
    });
}

void write_hundredths(json_writer& json, std::string_view key, std::uint64_t hundredths)
{
    json.raw_member(key, fmt::format("{}.{:02}", hundredths / 100, hundredths % 100));
}

}  // namespace nodescope::netlink
