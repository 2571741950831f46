#include "netlink/model/tunnel.hpp"

#include <netinet/in.h>  // before the kernel's

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

namespace nodescope::netlink {

namespace {

constexpr std::uint32_t ipv4_header = 20;      // RFC 791, without options
constexpr std::uint32_t ipv6_header = 40;      // RFC 8200
constexpr std::uint32_t udp_header = 8;        // RFC 768
constexpr std::uint32_t ethernet_header = 14;  // of the frame within, without a VLAN tag

std::uint32_t ip_header_size(std::uint8_t family) { return family == AF_INET6 ? ipv6_header : ipv4_header; }

/// The attribute as an address of that family; none where it is absent or unspecified.
std::optional<network_address> address_in(const link_kind& kind, std::uint16_t type, std::uint8_t family)
{
    const std::string* const bytes = kind.find(type);
    const std::size_t size = family == AF_INET ? 4 : 16;
    if (bytes == nullptr || bytes->size() != size) return std::nullopt;
    network_address address;
    std::memcpy(address.bytes.data(), bytes->data(), size);
    if (address == network_address()) return std::nullopt;
    return address;
}

/// IPv4, IPv6, and the family of the first address that is there; IPv4 for none, which has the smaller header.
tunnel between(const link_kind& kind, std::array<std::uint16_t, 2> locals, std::array<std::uint16_t, 2> remotes)
{
    tunnel made;
    made.family = AF_INET;
    for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
        const std::size_t place = family == AF_INET ? 0 : 1;
        made.local = address_in(kind, locals[place], family);
        made.remote = address_in(kind, remotes[place], family);
        made.family = family;
        if (made.local || made.remote) return made;
    }
    made.family = AF_INET;
    return made;
}

std::uint32_t gre_flags_size(const link_kind& kind)
{
    const std::string* const bytes = kind.find(IFLA_GRE_OFLAGS);
    std::uint16_t flags = 0;
    if (bytes == nullptr || bytes->size() != sizeof(flags)) return 0;
    std::memcpy(&flags, bytes->data(), sizeof(flags));
    // Four bytes each (gre_calc_hlen in include/net/gre.h).
    constexpr std::uint32_t each = 4;
    std::uint32_t size = 0;
    for (const auto flag : {GRE_CSUM, GRE_KEY, GRE_SEQ}) size += (flags & flag) != 0 ? each : 0;
    return size;
}

}  // namespace

std::optional<tunnel> tunnel_of(const link_kind& kind)
{
    constexpr std::uint32_t vxlan_header = 8;   // RFC 7348
    constexpr std::uint32_t geneve_header = 8;  // RFC 8926, without options
    constexpr std::uint32_t gre_header = 4;     // RFC 2784
    constexpr std::uint32_t wireguard_header =
        32;  // 16 before the packet, 16 behind it (drivers/net/wireguard/messages.h)
    const std::string_view name = kind.name;
    tunnel made;
    if (name == "vxlan") {
        // 50 and 70: VXLAN_HEADROOM and VXLAN6_HEADROOM (include/net/vxlan.h).
        made = between(kind, {IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6}, {IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6});
        made.header = ip_header_size(made.family) + udp_header + vxlan_header + ethernet_header;
        return made;
    }
    if (name == "geneve") {
        // 50 and 70 (geneve_link_config in drivers/net/geneve.c).
        made = between(kind, {0, 0}, {IFLA_GENEVE_REMOTE, IFLA_GENEVE_REMOTE6});
        made.header = ip_header_size(made.family) + udp_header + geneve_header + ethernet_header;
        return made;
    }
    if (name == "wireguard") {
        // 60 and 80. Which family its peers are reached by, only its own interface says.
        made.family = AF_INET;
        made.header = ip_header_size(made.family) + udp_header + wireguard_header;
        return made;
    }
    const bool over_ipv6 = name == "ip6gre" || name == "ip6gretap" || name == "ip6tnl";
    const bool is_gre = name == "gre" || name == "gretap" || name == "ip6gre" || name == "ip6gretap";
    if (!over_ipv6 && !is_gre && name != "ipip" && name != "sit") return std::nullopt;
    made.family = over_ipv6 ? AF_INET6 : AF_INET;
    made.header = ip_header_size(made.family);
    const bool is_frame = name == "gretap" || name == "ip6gretap";
    if (is_gre) made.header += gre_header + gre_flags_size(kind) + (is_frame ? ethernet_header : 0);
    made.local =
        address_in(kind, is_gre ? std::uint16_t{IFLA_GRE_LOCAL} : std::uint16_t{IFLA_IPTUN_LOCAL}, made.family);
    made.remote =
        address_in(kind, is_gre ? std::uint16_t{IFLA_GRE_REMOTE} : std::uint16_t{IFLA_IPTUN_REMOTE}, made.family);
    return made;
}

}  // namespace nodescope::netlink
