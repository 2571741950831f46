#include "collectors/wiring/tunnel_ends.hpp"

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace nodescope {

namespace {

using netlink::network_address;

constexpr std::uint16_t none = 0;

/// Where a kind says what; `none`: it says no such thing.
struct tunnel_words {
    std::string_view kind;
    std::uint16_t local;
    std::uint16_t remote;
    std::uint16_t local6;
    std::uint16_t remote6;
    std::uint16_t sent_as;
    std::uint16_t received_as;
};

constexpr tunnel_words known_tunnels[] = {
    {"ipip", IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE, none, none, none, none},
    {"sit", IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE, none, none, none, none},
    {"ip6tnl", none, none, IFLA_IPTUN_LOCAL, IFLA_IPTUN_REMOTE, none, none},
    {"gre", IFLA_GRE_LOCAL, IFLA_GRE_REMOTE, none, none, IFLA_GRE_OKEY, IFLA_GRE_IKEY},
    {"gretap", IFLA_GRE_LOCAL, IFLA_GRE_REMOTE, none, none, IFLA_GRE_OKEY, IFLA_GRE_IKEY},
    {"ip6gre", none, none, IFLA_GRE_LOCAL, IFLA_GRE_REMOTE, IFLA_GRE_OKEY, IFLA_GRE_IKEY},
    {"ip6gretap", none, none, IFLA_GRE_LOCAL, IFLA_GRE_REMOTE, IFLA_GRE_OKEY, IFLA_GRE_IKEY},
    {"vti", IFLA_VTI_LOCAL, IFLA_VTI_REMOTE, none, none, IFLA_VTI_OKEY, IFLA_VTI_IKEY},
    {"vti6", none, none, IFLA_VTI_LOCAL, IFLA_VTI_REMOTE, IFLA_VTI_OKEY, IFLA_VTI_IKEY},
    {"vxlan", IFLA_VXLAN_LOCAL, IFLA_VXLAN_GROUP, IFLA_VXLAN_LOCAL6, IFLA_VXLAN_GROUP6, IFLA_VXLAN_ID, IFLA_VXLAN_ID},
};

constexpr std::size_t bytes_of_ipv4 = 4;
constexpr std::size_t bytes_of_ipv6 = 16;

std::uint32_t number(const netlink::link_kind& of, std::uint16_t type)
{
    const std::string* const bytes = type == none ? nullptr : of.find(type);
    std::uint32_t value = 0;
    if (bytes != nullptr && bytes->size() == sizeof value) std::memcpy(&value, bytes->data(), sizeof value);
    return value;
}

/// One host's: neither "any" nor a group.
bool is_single(const network_address& one, std::size_t size)
{
    constexpr std::uint8_t first_group_v4 = 224;
    constexpr std::uint8_t last_group_v4 = 239;
    constexpr std::uint8_t group_v6 = 0xFF;
    const auto used = one.bytes.begin() + static_cast<std::ptrdiff_t>(size);
    if (std::all_of(one.bytes.begin(), used, [](std::uint8_t byte) { return byte == 0; })) return false;
    if (size == bytes_of_ipv6) return one.bytes[0] != group_v6;
    return one.bytes[0] < first_group_v4 || one.bytes[0] > last_group_v4;
}

std::optional<network_address> address(const netlink::link_kind& of, std::uint16_t type, std::size_t size)
{
    const std::string* const bytes = type == none ? nullptr : of.find(type);
    if (bytes == nullptr || bytes->size() != size) return std::nullopt;
    network_address read;
    std::memcpy(read.bytes.data(), bytes->data(), size);
    if (!is_single(read, size)) return std::nullopt;
    return read;
}

}  // namespace

tunnel_end tunnel_end::other() const
{
    tunnel_end far = *this;
    std::swap(far.local, far.remote);
    std::swap(far.sent_as, far.received_as);
    return far;
}

std::string tunnel_end::text() const
{
    std::string made = kind;
    made += '\0';
    made += static_cast<char>(family);
    const auto add = [&made](const void* bytes, std::size_t size) {
        made.append(static_cast<const char*>(bytes), size);
    };
    add(local.bytes.data(), local.bytes.size());
    add(remote.bytes.data(), remote.bytes.size());
    add(&sent_as, sizeof sent_as);
    add(&received_as, sizeof received_as);
    return made;
}

std::optional<tunnel_end> tunnel_end_of(const netlink::detailed_link& link)
{
    if (!link.kind) return std::nullopt;
    const netlink::link_kind& kind = *link.kind;
    const auto* const words = std::ranges::find(known_tunnels, std::string_view(kind.name), &tunnel_words::kind);
    if (words == std::end(known_tunnels)) return std::nullopt;
    tunnel_end end;
    end.kind = kind.name;
    end.sent_as = number(kind, words->sent_as);
    end.received_as = number(kind, words->received_as);
    const auto take = [&](std::uint8_t family, std::uint16_t local, std::uint16_t remote, std::size_t size) {
        const auto own = address(kind, local, size);
        const auto far = address(kind, remote, size);
        if (!own || !far) return false;
        end.family = family;
        end.local = *own;
        end.remote = *far;
        return true;
    };
    if (take(AF_INET, words->local, words->remote, bytes_of_ipv4)) return end;
    if (take(AF_INET6, words->local6, words->remote6, bytes_of_ipv6)) return end;
    return std::nullopt;
}

std::uint32_t vxlan_lower_of(const netlink::detailed_link& link)
{
    return link.kind && link.kind->name == "vxlan" ? number(*link.kind, IFLA_VXLAN_LINK) : 0;
}

}  // namespace nodescope
