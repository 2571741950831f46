#include "netlink/model/packet_filters.hpp"

#include <fmt/format.h>

// Before the kernel's headers, which leave out what both define.
#include <netinet/in.h>

#include <linux/netfilter.h>

#include <array>

namespace nodescope::netlink {

std::string nft_family_name(std::uint8_t family)
{
    switch (family) {
        case NFPROTO_INET: return "inet";
        case NFPROTO_IPV4: return "ip";
        case NFPROTO_ARP: return "arp";
        case NFPROTO_NETDEV: return "netdev";
        case NFPROTO_BRIDGE: return "bridge";
        case NFPROTO_IPV6: return "ip6";
        default: return fmt::format("family {}", family);
    }
}

std::string_view nft_hook_name(std::uint8_t family, std::uint32_t number) noexcept
{
    // NF_INET_*, and NF_BR_* for bridges, which has the same; NF_ARP_*; NF_NETDEV_*.
    static constexpr std::array<std::string_view, 6> of_packets{"prerouting", "input",       "forward",
                                                                "output",     "postrouting", "ingress"};
    static constexpr std::array<std::string_view, 2> of_arp{"input", "output"};
    static constexpr std::array<std::string_view, 2> of_devices{"ingress", "egress"};
    if (family == NFPROTO_ARP) return number < of_arp.size() ? of_arp[number] : std::string_view();
    if (family == NFPROTO_NETDEV) return number < of_devices.size() ? of_devices[number] : std::string_view();
    return number < of_packets.size() ? of_packets[number] : std::string_view();
}

}  // namespace nodescope::netlink
