#include "netlink/json/link_kinds.hpp"

#include "netlink/json/link.hpp"
#include "netlink/text/address_text.hpp"

#include <fmt/format.h>

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <sys/socket.h>

#include <endian.h>
#include <algorithm>
#include <iterator>

namespace nodescope::netlink {
namespace {

using kind_writer = void (*)(json_writer&, const link_kind&, const json_context&);

struct known_kind {
    std::string_view name;
    kind_writer write;
};

// iproute2 has more to say of these than the name; veth, dummy, ifb and wireguard have nothing.
constexpr known_kind kinds[] = {
    {"bridge", write_bridge},   {"vlan", write_vlan},     {"vxlan", write_vxlan},   {"macvlan", write_macvlan},
    {"macvtap", write_macvlan}, {"ipvlan", write_ipvlan}, {"ipvtap", write_ipvlan}, {"tun", write_tun},
    {"vrf", write_vrf},         {"geneve", write_geneve}, {"bond", write_bond},     {"ipip", write_ip_tunnel},
    {"sit", write_ip_tunnel},   {"gre", write_gre},       {"gretap", write_gre},    {"erspan", write_gre},
};
constexpr known_kind port_kinds[] = {
    {"bridge", write_bridge_port},
    {"bond", write_bond_port},
    {"vrf", write_vrf_port},
};

void write_data(json_writer& json, std::string_view key, const link_kind& kind, std::span<const known_kind> known,
                const json_context& context)
{
    const auto found = std::ranges::find(known, std::string_view(kind.name), &known_kind::name);
    if (found == known.end()) return;
    json.object_member(key, [&] {
        if (kind.has_attributes) found->write(json, kind, context);
    });
}

/// Eight bytes: the priority, then an address that is written as ether_ntoa(3) does, without leading zeros.
void write_bridge_id(json_writer& json, std::string_view key, const std::string& bytes)
{
    if (bytes.size() < 8) return;
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    json.member(key, fmt::format("{:02x}{:02x}.{:x}:{:x}:{:x}:{:x}:{:x}:{:x}", byte(0), byte(1), byte(2), byte(3),
                                 byte(4), byte(5), byte(6), byte(7)));
}

void write_vlan_protocol(json_writer& json, std::string_view key, std::uint16_t wire)
{
    const std::uint16_t protocol = be16toh(wire);
    if (protocol == ETH_P_8021Q) json.member(key, "802.1Q");
    else if (protocol == ETH_P_8021AD) json.member(key, "802.1ad");
    else json.member(key, fmt::format("[{}]", protocol));
}

void write_kind_member(json_writer& json, const attribute_list& kind, const kind_member& member,
                       const json_context& context)
{
    const auto key = member.key;
    switch (member.form) {
        case kind_form::number8: return optional_member(json, key, kind_number<std::uint8_t>(kind, member.type));
        case kind_form::number16: return optional_member(json, key, kind_number<std::uint16_t>(kind, member.type));
        case kind_form::number32: return optional_member(json, key, kind_number<std::uint32_t>(kind, member.type));
        case kind_form::number64: return optional_member(json, key, kind_number<std::uint64_t>(kind, member.type));
        case kind_form::signed32: return optional_member(json, key, kind_number<std::int32_t>(kind, member.type));
        case kind_form::network16:
            if (const auto wire = kind_number<std::uint16_t>(kind, member.type)) json.member(key, be16toh(*wire));
            return;
        case kind_form::on_off:
            if (const auto byte = kind_number<std::uint8_t>(kind, member.type)) json.member(key, *byte != 0);
            return;
        case kind_form::hex16:
            if (const auto number = kind_number<std::uint16_t>(kind, member.type)) {
                json.member(key, hexadecimal(*number));
            }
            return;
        case kind_form::hundredths:
            if (const auto time = kind_number<std::uint64_t>(kind, member.type)) write_hundredths(json, key, *time);
            return;
        case kind_form::bridge_id:
            if (const std::string* const bytes = kind.find(member.type)) write_bridge_id(json, key, *bytes);
            return;
        case kind_form::hardware:
            if (const std::string* const bytes = kind.find(member.type)) {
                json.member(key, hardware_text(*bytes, ARPHRD_ETHER));
            }
            return;
        case kind_form::link_name:
            if (const auto index = kind_number<std::uint32_t>(kind, member.type); index && *index != 0) {
                json.member(key, context.links.name(*index));
            }
            return;
        case kind_form::vlan_protocol:
            if (const auto wire = kind_number<std::uint16_t>(kind, member.type)) write_vlan_protocol(json, key, *wire);
            return;
    }
}

}  // namespace

void write_kind_members(json_writer& json, const attribute_list& kind, std::span<const kind_member> members,
                        const json_context& context)
{
    for (const kind_member& member : members) write_kind_member(json, kind, member, context);
}

std::optional<std::string> kind_address(const attribute_list& kind, std::uint16_t type, std::uint8_t family)
{
    const std::string* const bytes = kind.find(type);
    const std::size_t size = family == AF_INET ? 4 : 16;
    if (bytes == nullptr || bytes->size() < size) return std::nullopt;
    network_address address;
    std::memcpy(address.bytes.data(), bytes->data(), size);
    if (address == network_address()) return std::nullopt;
    return address_text(family, address);
}

void write_link_kinds(json_writer& json, const detailed_link& shown, const json_context& context)
{
    json.object_member("linkinfo", [&] {
        if (shown.kind) {
            json.member("info_kind", shown.kind->name);
            write_data(json, "info_data", *shown.kind, kinds, context);
        }
        if (shown.port_kind) {
            json.member("info_slave_kind", shown.port_kind->name);
            write_data(json, "info_slave_data", *shown.port_kind, port_kinds, context);
        }
    });
}

}  // namespace nodescope::netlink
