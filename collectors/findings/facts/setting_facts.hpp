// What several rules ask about settings.
#pragma once

#include "netlink/model/network_settings.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nodescope::findings {

/// All that rules look at of the files below /proc/sys/net: no others are read for them.
inline constexpr std::array<std::string_view, 5> settings_of_rules{
    "ipv4/ip_forward",          "ipv4/conf/all/rp_filter",        "ipv4/conf/all/proxy_arp",
    "ipv6/conf/all/forwarding", "bridge/bridge-nf-call-iptables",
};

/// The number in one of these files. None: there is no such file.
std::optional<std::int64_t> setting(const netlink::network_settings& of, std::string_view path);

/// Null for a link of which nothing is known.
const netlink::link_settings* settings_of_link(const netlink::network_settings& of, int index);

/// net.ipv4.conf.*.rp_filter: the larger of the two counts (IN_DEV_RPFILTER in include/linux/inetdevice.h).
struct source_filter {
    std::int32_t of_link = 0;
    std::int32_t of_all = 0;
    /// The way back must be by the same link; 2 is content with any way.
    [[nodiscard]] bool is_strict() const { return (of_link > of_all ? of_link : of_all) == 1; }
};
source_filter source_filter_of(const netlink::network_settings& of, int index);

/// It answers ARP for others (IN_DEV_PROXY_ARP: either of the two).
bool proxies_arp(const netlink::network_settings& of, int index);

}  // namespace nodescope::findings
