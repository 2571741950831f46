// The members of `info_data` and `info_slave_data` by kind. Each writer knows the attributes of its kinds; one that is
// too short for what it should be is left out.
#pragma once

#include "netlink/json/context.hpp"
#include "netlink/model/link_details.hpp"

#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace nodescope::netlink {

/// The number in an attribute of `kind`.
template <std::integral Number>
std::optional<Number> kind_number(const attribute_list& kind, std::uint16_t type)
{
    const std::string* const bytes = kind.find(type);
    if (bytes == nullptr || bytes->size() < sizeof(Number)) return std::nullopt;
    Number number;
    std::memcpy(&number, bytes->data(), sizeof number);
    return number;
}

/// An attribute that says true by a byte that is not 0.
inline bool kind_flag(const attribute_list& kind, std::uint16_t type)
{
    return kind_number<std::uint8_t>(kind, type).value_or(0) != 0;
}

/// How an attribute is shown that stands alone.
enum class kind_form : std::uint8_t {
    number8,
    number16,
    number32,
    number64,
    signed32,
    network16,   ///< in network order
    on_off,      ///< a byte as true or false
    hex16,       ///< "0x4000"
    hundredths,  ///< of a second, 64 bits
    bridge_id,   ///< "8000.2:42:ac:11:0:2"
    hardware,    ///< an Ethernet address
    link_name,   ///< an index of a link that is not 0, by its name
    vlan_protocol,
};

struct kind_member {
    std::uint16_t type;
    std::string_view key;
    kind_form form;
};

/// What of `members` is there, in their order.
void write_kind_members(json_writer& json, const attribute_list& kind, std::span<const kind_member> members,
                        const json_context& context);

/// "group"/"remote"/"local" of tunnels; nothing for an address that is zero or not there.
std::optional<std::string> kind_address(const attribute_list& kind, std::uint16_t type, std::uint8_t family);

void write_bridge(json_writer& json, const link_kind& kind, const json_context& context);
void write_bridge_port(json_writer& json, const link_kind& kind, const json_context& context);
void write_vlan(json_writer& json, const link_kind& kind, const json_context& context);
void write_macvlan(json_writer& json, const link_kind& kind, const json_context& context);
void write_ipvlan(json_writer& json, const link_kind& kind, const json_context& context);
void write_tun(json_writer& json, const link_kind& kind, const json_context& context);
void write_vrf(json_writer& json, const link_kind& kind, const json_context& context);
void write_vrf_port(json_writer& json, const link_kind& kind, const json_context& context);
void write_vxlan(json_writer& json, const link_kind& kind, const json_context& context);
void write_geneve(json_writer& json, const link_kind& kind, const json_context& context);
void write_ip_tunnel(json_writer& json, const link_kind& kind, const json_context& context);
void write_gre(json_writer& json, const link_kind& kind, const json_context& context);
void write_bond(json_writer& json, const link_kind& kind, const json_context& context);
void write_bond_port(json_writer& json, const link_kind& kind, const json_context& context);

}  // namespace nodescope::netlink
