// The words of iproute2 6.1 for links and addresses.
#pragma once

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace nodescope::netlink {

struct flag_name {
    std::uint32_t bit;
    std::string_view name;
};

// In iproute2's order. IFF_RUNNING is shown by its absence, as NO-CARRIER.
inline constexpr flag_name link_flag_names[] = {
    {IFF_LOOPBACK, "LOOPBACK"},   {IFF_BROADCAST, "BROADCAST"},   {IFF_POINTOPOINT, "POINTOPOINT"},
    {IFF_MULTICAST, "MULTICAST"}, {IFF_NOARP, "NOARP"},           {IFF_ALLMULTI, "ALLMULTI"},
    {IFF_PROMISC, "PROMISC"},     {IFF_MASTER, "MASTER"},         {IFF_SLAVE, "SLAVE"},
    {IFF_DEBUG, "DEBUG"},         {IFF_DYNAMIC, "DYNAMIC"},       {IFF_AUTOMEDIA, "AUTOMEDIA"},
    {IFF_PORTSEL, "PORTSEL"},     {IFF_NOTRAILERS, "NOTRAILERS"}, {IFF_UP, "UP"},
    {IFF_LOWER_UP, "LOWER_UP"},   {IFF_DORMANT, "DORMANT"},       {IFF_ECHO, "ECHO"},
};

// After "secondary"/"temporary" and apart from "dynamic", which is the lack of IFA_F_PERMANENT.
inline constexpr flag_name address_flag_names[] = {
    {IFA_F_NODAD, "nodad"},         {IFA_F_OPTIMISTIC, "optimistic"},         {IFA_F_DADFAILED, "dadfailed"},
    {IFA_F_HOMEADDRESS, "home"},    {IFA_F_DEPRECATED, "deprecated"},         {IFA_F_TENTATIVE, "tentative"},
    {IFA_F_PERMANENT, ""},          {IFA_F_MANAGETEMPADDR, "mngtmpaddr"},     {IFA_F_NOPREFIXROUTE, "noprefixroute"},
    {IFA_F_MCAUTOJOIN, "autojoin"}, {IFA_F_STABLE_PRIVACY, "stable-privacy"},
};

inline constexpr std::string_view operational_states[] = {
    "UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP",
};

// By XDP_ATTACHED_*; the first is never shown.
inline constexpr std::string_view xdp_modes[] = {"", "xdp", "xdpgeneric", "xdpoffload", "xdpmulti"};

/// Not in the system's header: iproute2 knows AF_MPLS, AF_BRIDGE and AF_PACKET besides IPv4 and IPv6.
inline std::string_view family_name(std::uint8_t family) noexcept
{
    switch (family) {
        case AF_INET: return "inet";
        case AF_INET6: return "inet6";
        case AF_PACKET: return "link";
        case AF_MPLS: return "mpls";
        case AF_BRIDGE: return "bridge";
        default: return {};
    }
}

/// The kernel allows no other names (dev_valid_name in net/core/dev.c); iproute2 would show nothing of such a link.
inline bool is_valid_name(std::string_view name) noexcept
{
    const auto forbidden = [](char c) {
        return c == '/' || std::string_view(" \t\n\v\f\r").find(c) != std::string_view::npos;
    };
    return !name.empty() && name.size() < IFNAMSIZ && std::none_of(name.begin(), name.end(), forbidden);
}

}  // namespace nodescope::netlink
