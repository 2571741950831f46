// Links (network interfaces) as the kernel reports them. Names are any bytes except '/', ':' and
// white space.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace nodescope::netlink {

/// A link-layer address. Linux knows at most 32 bytes (MAX_ADDR_LEN).
struct hardware_address {
    std::array<std::uint8_t, 32> bytes{};
    std::uint8_t size = 0;
    friend bool operator==(const hardware_address&, const hardware_address&) = default;
};

/// IFLA_XDP: an eBPF program on the link.
struct xdp_state {
    std::uint8_t mode = 0;         ///< XDP_ATTACHED_*
    std::uint32_t program_id = 0;  ///< 0: the kernel named none
    friend bool operator==(const xdp_state&, const xdp_state&) = default;
};

/// What is not set was not in the message.
struct link {
    int index = 0;
    std::uint16_t type = 0;   ///< ARPHRD_*
    std::uint32_t flags = 0;  ///< IFF_*
    std::optional<std::string> name;
    std::vector<std::string> alternative_names;
    std::optional<std::uint32_t> mtu;
    std::optional<std::string> qdisc;
    std::optional<std::uint32_t> master;
    std::optional<std::uint8_t> operational_state;  ///< IF_OPER_*
    std::optional<std::uint32_t> group;
    std::optional<std::uint32_t> queue_length;
    std::optional<hardware_address> address;
    std::optional<hardware_address> broadcast;  ///< of a point-to-point link: the peer
    std::optional<hardware_address> permanent_address;
    /// The link below, or the other end; in the namespace `lower_namespace` if that is set, else in this one. 0: none.
    std::optional<std::uint32_t> lower;
    std::optional<std::int32_t> lower_namespace;  ///< an id of RTM_GETNSID, negative if it has none
    std::optional<xdp_state> xdp;
    std::optional<bool> protocol_down;
    std::optional<std::uint32_t> protocol_down_reasons;  ///< bits
};

/// As much of a link as a list of routes needs.
struct interface_name {
    std::uint32_t index = 0;
    std::string name;
};

/// Names of interfaces by index.
using interface_names = std::unordered_map<std::uint32_t, std::string>;

inline interface_names names_of(const std::vector<link>& links)
{
    interface_names names;
    for (const link& known : links) {
        if (known.name) names.emplace(static_cast<std::uint32_t>(known.index), *known.name);
    }
    return names;
}

}  // namespace nodescope::netlink
