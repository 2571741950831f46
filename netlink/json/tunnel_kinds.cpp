#include "netlink/json/link_kinds.hpp"

#include <netinet/in.h>  // before the kernel's

#include <linux/if_link.h>
#include <linux/if_tunnel.h>

#include <endian.h>

namespace nodescope::netlink {
namespace {

using enum kind_form;

bool is_multicast(const link_kind& kind, std::uint16_t type, std::uint8_t family)
{
    const auto first = static_cast<unsigned char>(kind.find(type)->front());
    return family == AF_INET ? (first & 0xF0U) == 0xE0U : first == 0xFFU;
}

/// An address of one family, else of the other; the key says which.
void write_vxlan_ends(json_writer& json, const link_kind& kind)
{
    if (kind.find(IFLA_VXLAN_GROUP) != nullptr) {
        if (const auto text = kind_address(kind, IFLA_VXLAN_GROUP, AF_INET)) {
            json.member(is_multicast(kind, IFLA_VXLAN_GROUP, AF_INET) ? "group" : "remote", *text);
        }
    } else if (const auto text = kind_address(kind, IFLA_VXLAN_GROUP6, AF_INET6)) {
        json.member(is_multicast(kind, IFLA_VXLAN_GROUP6, AF_INET6) ? "group6" : "remote6", *text);
    }
    if (kind.find(IFLA_VXLAN_LOCAL) != nullptr) {
        optional_member(json, "local", kind_address(kind, IFLA_VXLAN_LOCAL, AF_INET));
    } else {
        optional_member(json, "local6", kind_address(kind, IFLA_VXLAN_LOCAL6, AF_INET6));
    }
}

/// True where it is set, and absent otherwise.
void write_if_set(json_writer& json, const link_kind& kind, std::uint16_t type, std::string_view key)
{
    if (kind_flag(kind, type)) json.member(key, true);
}

void write_tos(json_writer& json, const link_kind& kind, std::uint16_t type)
{
    const std::uint8_t tos = kind_number<std::uint8_t>(kind, type).value_or(0);
    if (tos != 0) json.member("tos", hexadecimal(tos));
}

void write_ttl_unless_inherited(json_writer& json, const link_kind& kind, std::uint16_t inherit, std::uint16_t type)
{
    if (!kind_flag(kind, inherit)) optional_member(json, "ttl", kind_number<std::uint8_t>(kind, type));
}

/// Whether packets may be broken up: "unset", "set" or as the inner packet says. vxlan and geneve count alike.
void write_do_not_fragment(json_writer& json, const link_kind& kind, std::uint16_t type)
{
    const auto value = kind_number<std::uint8_t>(kind, type);
    if (!value) return;
    if (*value == VXLAN_DF_UNSET) json.member("df", "unset");
    if (*value == VXLAN_DF_SET) json.member("df", "set");
    if (*value == VXLAN_DF_INHERIT) json.member("df", "inherit");
}

void write_flow_label(json_writer& json, const link_kind& kind, std::uint16_t type)
{
    const std::uint32_t label = kind_number<std::uint32_t>(kind, type).value_or(0);
    if (label != 0) json.member("label", hexadecimal(be32toh(label)));
}

void write_port_range(json_writer& json, const link_kind& kind)
{
    const std::string* const bytes = kind.find(IFLA_VXLAN_PORT_RANGE);
    ifla_vxlan_port_range range{};
    if (bytes == nullptr || bytes->size() < sizeof range) return;
    std::memcpy(&range, bytes->data(), sizeof range);
    json.object_member("port_range", [&] {
        json.member("low", be16toh(range.low));
        json.member("high", be16toh(range.high));
    });
}

/// "any" for an address that is not there or zero.
void write_endpoint(json_writer& json, const link_kind& kind, std::uint16_t type, std::string_view key)
{
    json.member(key, kind_address(kind, type, AF_INET).value_or("any"));
}

void write_mark(json_writer& json, const link_kind& kind, std::uint16_t type)
{
    const std::uint32_t mark = kind_number<std::uint32_t>(kind, type).value_or(0);
    if (mark != 0) json.member("fwmark", hexadecimal(mark));
}

struct encapsulation_types {
    std::uint16_t type;
    std::uint16_t flags;
    std::uint16_t source_port;
    std::uint16_t destination_port;
};

/// Foo over UDP and the like.
void write_encapsulation(json_writer& json, const link_kind& kind, const encapsulation_types& types)
{
    const auto type = kind_number<std::uint16_t>(kind, types.type);
    if (!type || *type == TUNNEL_ENCAP_NONE) return;
    const auto flags = kind_number<std::uint16_t>(kind, types.flags).value_or(0);
    json.object_member("encap", [&] {
        if (*type == TUNNEL_ENCAP_FOU) json.member("type", "fou");
        else if (*type == TUNNEL_ENCAP_GUE) json.member("type", "gue");
        else null_member(json, "type");
        json.member("sport", be16toh(kind_number<std::uint16_t>(kind, types.source_port).value_or(0)));
        json.member("dport", be16toh(kind_number<std::uint16_t>(kind, types.destination_port).value_or(0)));
        json.member("csum", (flags & TUNNEL_ENCAP_FLAG_CSUM) != 0);
        json.member("csum6", (flags & TUNNEL_ENCAP_FLAG_CSUM6) != 0);
        json.member("remcsum", (flags & TUNNEL_ENCAP_FLAG_REMCSUM) != 0);
    });
}

void write_6rd(json_writer& json, const link_kind& kind)
{
    const auto length = kind_number<std::uint16_t>(kind, IFLA_IPTUN_6RD_PREFIXLEN).value_or(0);
    if (length == 0) return;
    json.member("prefix", kind_address(kind, IFLA_IPTUN_6RD_PREFIX, AF_INET6).value_or("::"));
    json.member("prefixlen", length);
    if (const auto relay = kind_address(kind, IFLA_IPTUN_6RD_RELAY_PREFIX, AF_INET)) {
        json.member("relay_prefix", *relay);
        json.member("relay_prefixlen", kind_number<std::uint16_t>(kind, IFLA_IPTUN_6RD_RELAY_PREFIXLEN).value_or(0));
    }
}

void write_gre_flags(json_writer& json, const link_kind& kind)
{
    const auto in = kind_number<std::uint16_t>(kind, IFLA_GRE_IFLAGS).value_or(0);
    const auto out = kind_number<std::uint16_t>(kind, IFLA_GRE_OFLAGS).value_or(0);
    // Keys are written as addresses, 0 included.
    const auto key = [&](std::string_view name, std::uint16_t type) {
        if (kind.find(type) != nullptr) json.member(name, kind_address(kind, type, AF_INET).value_or("0.0.0.0"));
    };
    if ((in & GRE_KEY) != 0) key("ikey", IFLA_GRE_IKEY);
    if ((out & GRE_KEY) != 0) key("okey", IFLA_GRE_OKEY);
    if ((in & GRE_SEQ) != 0) json.member("iseq", true);
    if ((out & GRE_SEQ) != 0) json.member("oseq", true);
    if ((in & GRE_CSUM) != 0) json.member("icsum", true);
    if ((out & GRE_CSUM) != 0) json.member("ocsum", true);
}

constexpr kind_member udp_checksums[] = {
    {IFLA_VXLAN_UDP_CSUM, "udp_csum", on_off},
    {IFLA_VXLAN_UDP_ZERO_CSUM6_TX, "udp_zero_csum6_tx", on_off},
    {IFLA_VXLAN_UDP_ZERO_CSUM6_RX, "udp_zero_csum6_rx", on_off},
};
constexpr kind_member geneve_last[] = {
    {IFLA_GENEVE_PORT, "port", network16},
    {IFLA_GENEVE_UDP_CSUM, "udp_csum", on_off},
    {IFLA_GENEVE_UDP_ZERO_CSUM6_TX, "udp_zero_csum6_tx", on_off},
    {IFLA_GENEVE_UDP_ZERO_CSUM6_RX, "udp_zero_csum6_rx", on_off},
};

}  // namespace

void write_vxlan(json_writer& json, const link_kind& kind, const json_context& context)
{
    constexpr kind_member link[] = {{IFLA_VXLAN_LINK, "link", link_name}};
    constexpr kind_member ports[] = {{IFLA_VXLAN_PORT, "port", network16}, {IFLA_VXLAN_LEARNING, "learning", on_off}};
    write_if_set(json, kind, IFLA_VXLAN_COLLECT_METADATA, "external");
    write_if_set(json, kind, IFLA_VXLAN_VNIFILTER, "vnifilter");
    optional_member(json, "id", kind_number<std::uint32_t>(kind, IFLA_VXLAN_ID));
    write_vxlan_ends(json, kind);
    write_kind_members(json, kind, link, context);
    write_port_range(json, kind);
    write_kind_members(json, kind, ports, context);
    write_if_set(json, kind, IFLA_VXLAN_PROXY, "proxy");
    write_if_set(json, kind, IFLA_VXLAN_RSC, "rsc");
    write_if_set(json, kind, IFLA_VXLAN_L2MISS, "l2miss");
    write_if_set(json, kind, IFLA_VXLAN_L3MISS, "l3miss");
    write_tos(json, kind, IFLA_VXLAN_TOS);
    write_ttl_unless_inherited(json, kind, IFLA_VXLAN_TTL_INHERIT, IFLA_VXLAN_TTL);
    write_do_not_fragment(json, kind, IFLA_VXLAN_DF);
    write_flow_label(json, kind, IFLA_VXLAN_LABEL);
    optional_member(json, "ageing", kind_number<std::uint32_t>(kind, IFLA_VXLAN_AGEING));
    json.member_unless_empty("limit", kind_number<std::uint32_t>(kind, IFLA_VXLAN_LIMIT).value_or(0));
    write_kind_members(json, kind, udp_checksums, context);
    write_if_set(json, kind, IFLA_VXLAN_REMCSUM_TX, "remcsum_tx");
    write_if_set(json, kind, IFLA_VXLAN_REMCSUM_RX, "remcsum_rx");
    if (kind.find(IFLA_VXLAN_GBP) != nullptr) json.member("gbp", true);
    if (kind.find(IFLA_VXLAN_GPE) != nullptr) json.member("gpe", true);
}

void write_geneve(json_writer& json, const link_kind& kind, const json_context& context)
{
    if (kind.find(IFLA_GENEVE_COLLECT_METADATA) != nullptr) json.member("external", true);
    optional_member(json, "id", kind_number<std::uint32_t>(kind, IFLA_GENEVE_ID));
    if (kind.find(IFLA_GENEVE_REMOTE) != nullptr) {
        optional_member(json, "remote", kind_address(kind, IFLA_GENEVE_REMOTE, AF_INET));
    } else if (const auto text = kind_address(kind, IFLA_GENEVE_REMOTE6, AF_INET6)) {
        if (!is_multicast(kind, IFLA_GENEVE_REMOTE6, AF_INET6)) json.member("remote6", *text);
    }
    write_ttl_unless_inherited(json, kind, IFLA_GENEVE_TTL_INHERIT, IFLA_GENEVE_TTL);
    write_tos(json, kind, IFLA_GENEVE_TOS);
    write_do_not_fragment(json, kind, IFLA_GENEVE_DF);
    write_flow_label(json, kind, IFLA_GENEVE_LABEL);
    write_kind_members(json, kind, geneve_last, context);
    if (kind.find(IFLA_GENEVE_INNER_PROTO_INHERIT) != nullptr) json.member("inner_proto_inherit", true);
}

void write_ip_tunnel(json_writer& json, const link_kind& kind, const json_context& context)
{
    constexpr kind_member link[] = {{IFLA_IPTUN_LINK, "link", link_name}};
    if (kind.find(IFLA_IPTUN_COLLECT_METADATA) != nullptr) json.member("external", true);
    if (const auto protocol = kind_number<std::uint8_t>(kind, IFLA_IPTUN_PROTO)) {
        if (*protocol == IPPROTO_IPIP) json.member("proto", "ipip");
        if (*protocol == IPPROTO_IPV6) json.member("proto", "ip6ip");
        if (*protocol == IPPROTO_MPLS) json.member("proto", "mplsip");
        if (*protocol == 0) json.member("proto", "any");
    }
    write_endpoint(json, kind, IFLA_IPTUN_REMOTE, "remote");
    write_endpoint(json, kind, IFLA_IPTUN_LOCAL, "local");
    write_kind_members(json, kind, link, context);
    json.member("ttl", kind_number<std::uint8_t>(kind, IFLA_IPTUN_TTL).value_or(0));
    write_tos(json, kind, IFLA_IPTUN_TOS);
    json.member("pmtudisc", kind_flag(kind, IFLA_IPTUN_PMTUDISC));
    if ((kind_number<std::uint16_t>(kind, IFLA_IPTUN_FLAGS).value_or(0) & SIT_ISATAP) != 0) json.member("isatap", true);
    write_6rd(json, kind);
    write_mark(json, kind, IFLA_IPTUN_FWMARK);
    write_encapsulation(
        json, kind, {IFLA_IPTUN_ENCAP_TYPE, IFLA_IPTUN_ENCAP_FLAGS, IFLA_IPTUN_ENCAP_SPORT, IFLA_IPTUN_ENCAP_DPORT});
}

void write_gre(json_writer& json, const link_kind& kind, const json_context& context)
{
    constexpr kind_member link[] = {{IFLA_GRE_LINK, "link", link_name}};
    constexpr kind_member discovery[] = {{IFLA_GRE_PMTUDISC, "pmtudisc", on_off}};
    constexpr kind_member erspan[] = {{IFLA_GRE_ERSPAN_INDEX, "erspan_index", number32},
                                      {IFLA_GRE_ERSPAN_VER, "erspan_ver", number8}};
    constexpr kind_member hardware_id[] = {{IFLA_GRE_ERSPAN_HWID, "erspan_hwid", hex16}};
    if (kind.find(IFLA_GRE_COLLECT_METADATA) != nullptr) json.member("external", true);
    write_endpoint(json, kind, IFLA_GRE_REMOTE, "remote");
    write_endpoint(json, kind, IFLA_GRE_LOCAL, "local");
    write_kind_members(json, kind, link, context);
    json.member("ttl", kind_number<std::uint8_t>(kind, IFLA_GRE_TTL).value_or(0));
    write_tos(json, kind, IFLA_GRE_TOS);
    write_kind_members(json, kind, discovery, context);
    write_if_set(json, kind, IFLA_GRE_IGNORE_DF, "ignore_df");
    write_gre_flags(json, kind);
    write_mark(json, kind, IFLA_GRE_FWMARK);
    write_kind_members(json, kind, erspan, context);
    if (const auto direction = kind_number<std::uint8_t>(kind, IFLA_GRE_ERSPAN_DIR)) {
        json.member("erspan_dir", *direction == 0 ? "ingress" : "egress");
    }
    write_kind_members(json, kind, hardware_id, context);
    write_encapsulation(json, kind,
                        {IFLA_GRE_ENCAP_TYPE, IFLA_GRE_ENCAP_FLAGS, IFLA_GRE_ENCAP_SPORT, IFLA_GRE_ENCAP_DPORT});
}

}  // namespace nodescope::netlink
