#include "netlink/read/network_settings.hpp"

#include "core/text.hpp"
#include "netlink/decode/link_settings.hpp"
#include "netlink/decode/proc_files.hpp"
#include "netlink/read/dump_all.hpp"
#include "netlink/read/sysctl_files.hpp"

#include <fmt/format.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include <array>
#include <utility>

namespace nodescope::netlink {

namespace {

constexpr std::array<std::string_view, 30> setting_paths{
    "ipv4/ip_forward",
    "ipv4/ip_local_port_range",
    "ipv4/tcp_max_syn_backlog",
    "ipv4/neigh/default/gc_thresh1",
    "ipv4/neigh/default/gc_thresh2",
    "ipv4/neigh/default/gc_thresh3",
    "ipv4/conf/all/forwarding",
    "ipv4/conf/all/rp_filter",
    "ipv4/conf/all/proxy_arp",
    "ipv4/conf/all/arp_ignore",
    "ipv4/conf/all/accept_local",
    "ipv4/conf/all/route_localnet",
    "ipv4/conf/default/forwarding",
    "ipv4/conf/default/rp_filter",
    "ipv4/conf/default/proxy_arp",
    "ipv4/conf/default/arp_ignore",
    "ipv4/conf/default/accept_local",
    "ipv4/conf/default/route_localnet",
    "ipv6/neigh/default/gc_thresh1",
    "ipv6/neigh/default/gc_thresh2",
    "ipv6/neigh/default/gc_thresh3",
    "ipv6/conf/all/forwarding",
    "ipv6/conf/all/disable_ipv6",
    "ipv6/conf/default/forwarding",
    "ipv6/conf/default/disable_ipv6",
    "bridge/bridge-nf-call-iptables",
    "bridge/bridge-nf-call-ip6tables",
    "bridge/bridge-nf-call-arptables",
    "core/somaxconn",
    "netfilter/nf_conntrack_max",
};

constexpr ifinfomsg every_link{};

}  // namespace

result<network_settings> blocking_read_settings(const net_namespace& home, const net_namespace& target,
                                                const settings_limits& limits, deadline limit,
                                                const abandon_flag& abandoned)
{
    auto socket = netlink_socket::open_in(home, target, NETLINK_ROUTE);
    if (!socket) return socket.error();
    const dump_request request("settings of links", RTM_GETLINK, every_link,
                               [](nl_msg* message) { nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS); });
    auto links = dump_all<link_settings>(*socket, request, {limits.links, limits.bytes}, limit, abandoned);
    if (!links) return links.error();
    const std::span<const std::string_view> paths = limits.files.empty() ? setting_paths : limits.files;
    const auto texts = blocking_read_sysctls(home, target, paths);
    if (!texts) return texts.error();

    network_settings made;
    made.links = std::move(links->items);
    std::vector<std::string_view> missing;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        network_setting one{paths[i], {}};
        if (const auto& text = (*texts)[i]) one.numbers = parse_sysctl_numbers(*text);
        if (one.numbers.empty()) missing.push_back(one.path);
        made.files.push_back(std::move(one));
    }
    if (!missing.empty()) append_clause(made.note, fmt::format("not in this namespace: {}", joined(missing, ", ")));
    if (links->truncated)
        append_clause(made.note, fmt::format("more than {} links: the others are left out", made.links.size()));
    if (!links->consistent) append_clause(made.note, "links changed while they were read");
    if (links->damaged > 0) append_clause(made.note, fmt::format("{} messages were damaged", links->damaged));
    return made;
}

}  // namespace nodescope::netlink
