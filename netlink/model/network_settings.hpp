// Settings of a network namespace: files of /proc/sys/net, and what each link has instead of the default.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::netlink {

/// A file below /proc/sys/net and its numbers; none where there is no such file in that namespace.
struct network_setting {
    std::string_view path;  ///< of a list that lives as long as the program
    std::vector<std::int64_t> numbers;
};

/// What net/ipv4/conf/NAME and net/ipv6/conf/NAME say of a link. What is not set was not in the message: a link without
/// IPv6 has nothing of it.
struct link_settings {
    std::string name;
    std::int32_t index = 0;
    std::optional<std::int32_t> forwarding;
    std::optional<std::int32_t> rp_filter;
    std::optional<std::int32_t> proxy_arp;
    std::optional<std::int32_t> arp_ignore;
    std::optional<std::int32_t> accept_local;
    std::optional<std::int32_t> route_localnet;
    std::optional<std::int32_t> forwarding6;
    std::optional<std::int32_t> disable_ipv6;
};

struct network_settings {
    std::vector<network_setting> files;
    std::vector<link_settings> links;  ///< in the order of the kernel's dump
    std::string note;
};

}  // namespace nodescope::netlink
