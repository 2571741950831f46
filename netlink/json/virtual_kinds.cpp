#include "netlink/json/link_kinds.hpp"

#include "netlink/decode/attributes.hpp"

#include <fmt/format.h>

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/if_vlan.h>

#include <iterator>

namespace nodescope::netlink {
namespace {

using enum kind_form;

struct vlan_flag {
    std::uint32_t bit;
    std::string_view name;
};
constexpr vlan_flag vlan_flags[] = {
    {VLAN_FLAG_REORDER_HDR, "REORDER_HDR"},
    {VLAN_FLAG_GVRP, "GVRP"},
    {VLAN_FLAG_MVRP, "MVRP"},
    {VLAN_FLAG_LOOSE_BINDING, "LOOSE_BINDING"},
    {VLAN_FLAG_BRIDGE_BINDING, "BRIDGE_BINDING"},
};

/// The lists in an attribute. Lengths that are wrong end it: the decoder did not look into it.
template <class Visit>
void for_each_in(const std::string& list, Visit visit)
{
    std::size_t damaged = 0;
    for_each_attribute(std::as_bytes(std::span(list)), damaged, visit);
}

void write_vlan_map(json_writer& json, std::string_view key, const link_kind& kind, std::uint16_t type)
{
    const std::string* const list = kind.find(type);
    if (list == nullptr) return;
    json.array_member(key, [&] {
        for_each_in(*list, [&](std::uint16_t, byte_span one) {
            const auto mapping = read_struct<ifla_vlan_qos_mapping>(one);
            if (!mapping) return;
            json.object([&] {
                json.member("from", mapping->from);
                json.member("to", mapping->to);
            });
        });
    });
}

std::string_view macvlan_mode_name(std::uint32_t mode)
{
    switch (mode) {
        case MACVLAN_MODE_PRIVATE: return "private";
        case MACVLAN_MODE_VEPA: return "vepa";
        case MACVLAN_MODE_BRIDGE: return "bridge";
        case MACVLAN_MODE_PASSTHRU: return "passthru";
        case MACVLAN_MODE_SOURCE: return "source";
        default: return "unknown";
    }
}

void write_macvlan_sources(json_writer& json, const link_kind& kind)
{
    const auto count = kind_number<std::int32_t>(kind, IFLA_MACVLAN_MACADDR_COUNT);
    if (!count) return;
    json.member("macaddr_count", *count);
    const std::string* const list = kind.find(IFLA_MACVLAN_MACADDR_DATA);
    if (list == nullptr) return;
    json.array_member("macaddr_data", [&] {
        for_each_in(*list, [&](std::uint16_t type, byte_span one) {
            if (type != IFLA_MACVLAN_MACADDR || one.size() < 6) return;
            const std::string_view bytes(reinterpret_cast<const char*>(one.data()), 6);
            json.value(hardware_text(bytes, ARPHRD_ETHER));
        });
    });
}

constexpr kind_member tun_members[] = {
    {IFLA_TUN_PI, "pi", on_off},
    {IFLA_TUN_VNET_HDR, "vnet_hdr", on_off},
};
constexpr kind_member tun_queues[] = {
    {IFLA_TUN_NUM_QUEUES, "numqueues", number32},
    {IFLA_TUN_NUM_DISABLED_QUEUES, "numdisabled", number32},
};
// iproute2 asks the name service for the names of owner and group; here they are numbers.
constexpr kind_member tun_last[] = {
    {IFLA_TUN_PERSIST, "persist", on_off},
    {IFLA_TUN_OWNER, "user", number32},
    {IFLA_TUN_GROUP, "group", number32},
};

}  // namespace

void write_vlan(json_writer& json, const link_kind& kind, const json_context& context)
{
    constexpr kind_member protocol[] = {{IFLA_VLAN_PROTOCOL, "protocol", vlan_protocol}};
    const auto id = kind_number<std::uint16_t>(kind, IFLA_VLAN_ID);
    if (!id) return;
    if (kind.find(IFLA_VLAN_PROTOCOL) != nullptr) write_kind_members(json, kind, protocol, context);
    else json.member("protocol", "802.1q");
    json.member("id", *id);
    if (const std::string* const bytes = kind.find(IFLA_VLAN_FLAGS)) {
        const auto told = read_struct<ifla_vlan_flags>(std::as_bytes(std::span(*bytes)));
        if (!told) return;
        std::uint32_t rest = told->flags;
        json.array_member("flags", [&] {
            for (const vlan_flag& flag : vlan_flags) {
                if ((rest & flag.bit) == 0) continue;
                rest &= ~flag.bit;
                json.plain_value(flag.name);
            }
            if (rest != 0) json.plain_value(fmt::format("{:x}", rest));
        });
    }
    write_vlan_map(json, "ingress_qos", kind, IFLA_VLAN_INGRESS_QOS);
    write_vlan_map(json, "egress_qos", kind, IFLA_VLAN_EGRESS_QOS);
}

void write_macvlan(json_writer& json, const link_kind& kind, const json_context&)
{
    const auto mode = kind_number<std::uint32_t>(kind, IFLA_MACVLAN_MODE);
    if (!mode) return;
    json.member("mode", macvlan_mode_name(*mode));
    const std::uint16_t flags = kind_number<std::uint16_t>(kind, IFLA_MACVLAN_FLAGS).value_or(0);
    if ((flags & MACVLAN_FLAG_NOPROMISC) != 0) json.member("nopromisc", true);
    if ((flags & MACVLAN_FLAG_NODST) != 0) json.member("nodst", true);
    optional_member(json, "bcqueuelen", kind_number<std::uint32_t>(kind, IFLA_MACVLAN_BC_QUEUE_LEN));
    optional_member(json, "usedbcqueuelen", kind_number<std::uint32_t>(kind, IFLA_MACVLAN_BC_QUEUE_LEN_USED));
    if (*mode == MACVLAN_MODE_SOURCE) write_macvlan_sources(json, kind);
}

void write_ipvlan(json_writer& json, const link_kind& kind, const json_context&)
{
    if (const auto mode = kind_number<std::uint16_t>(kind, IFLA_IPVLAN_MODE)) {
        json.member("mode", *mode == IPVLAN_MODE_L2    ? "l2"
                            : *mode == IPVLAN_MODE_L3  ? "l3"
                            : *mode == IPVLAN_MODE_L3S ? "l3s"
                                                       : "unknown");
    }
    if (const auto flags = kind_number<std::uint16_t>(kind, IFLA_IPVLAN_FLAGS)) {
        json.member((*flags & IPVLAN_F_PRIVATE) != 0 ? "private"
                    : (*flags & IPVLAN_F_VEPA) != 0  ? "vepa"
                                                     : "bridge",
                    true);
    }
}

void write_tun(json_writer& json, const link_kind& kind, const json_context& context)
{
    if (const auto type = kind_number<std::uint8_t>(kind, IFLA_TUN_TYPE)) {
        json.member("type", *type == IFF_TUN   ? std::string("tun")
                            : *type == IFF_TAP ? std::string("tap")
                                               : fmt::format("UNKNOWN:{}", *type));
    }
    write_kind_members(json, kind, tun_members, context);
    const bool many = kind_flag(kind, IFLA_TUN_MULTI_QUEUE);
    json.member("multi_queue", many);
    if (many) write_kind_members(json, kind, tun_queues, context);
    write_kind_members(json, kind, tun_last, context);
}

void write_vrf(json_writer& json, const link_kind& kind, const json_context& context)
{
    constexpr kind_member members[] = {{IFLA_VRF_TABLE, "table", number32}};
    write_kind_members(json, kind, members, context);
}

void write_vrf_port(json_writer& json, const link_kind& kind, const json_context& context)
{
    constexpr kind_member members[] = {{IFLA_VRF_PORT_TABLE, "table", number32}};
    write_kind_members(json, kind, members, context);
}

}  // namespace nodescope::netlink
