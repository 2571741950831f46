#include "collectors/findings/rules.hpp"

#include <algorithm>
#include <iterator>

namespace nodescope::findings {

namespace {

constexpr unsigned links_and_addresses = links_input | addresses_input;
constexpr unsigned rates = counters_input | rates_input;

// docs/findings.md has the same table for people.
constexpr rule rule_table[] = {
    {"link-down", severity::error, "a link with an address is administratively down",
     "find out who took it down; `ip link set IFNAME up` brings it back, routes that went with it excepted",
     links_and_addresses, look_for_link_down},
    {"peer-down", severity::error, "the node's end of a link with an address is administratively down",
     "find out who took it down; on the node: `ip link set PEER up`", links_and_addresses | ends_input,
     look_for_peer_down},
    {"peer-unattached", severity::error,
     "the node's end of a veth pair with an address is in no bridge, and no route or proxy ARP leads to it",
     "find out who took it out of its bridge; on the node: `ip link set PEER master BRIDGE`, or a route to the address",
     links_and_addresses | wiring_input, look_for_peer_unattached},
    {"bridge-down", severity::error, "a bridge with ports is administratively down",
     "find out who took it down; `ip link set BRIDGE up`, then look whether its routes are back", wiring_input,
     look_for_bridge_down},
    {"no-carrier", severity::error, "a link with an address is up, and nothing is connected to it",
     "look at the other end: of a veth whether its peer is up, of a network card at cable and switch, of a tun device "
     "whether its program runs",
     links_and_addresses, look_for_no_carrier},
    {"no-default-route", severity::warning, "a container with a global address has no default route in its family",
     "add one (`ip route add default via GATEWAY`), or leave it where the network is meant to have no way out, as an "
     "internal network of Docker",
     links_and_addresses | routes_input | rules_input, look_for_no_default_route},
    {"blackhole-default", severity::error, "the default route is blackhole, unreachable or prohibit",
     "find out who has set it (`ip route show default`): a tunnel may have left it to let nothing past",
     routes_input | rules_input, look_for_blackhole_default},
    {"gateway-not-on-link", severity::error,
     "the next hop of a route is covered by no address and no route of its interface, and is not marked onlink",
     "correct the address, its prefix or the next hop; where the gateway is on that link all the same, add a route to "
     "it with `scope link`, or mark the route `onlink`",
     links_and_addresses | routes_input, look_for_gateway_not_on_link},
    {"gateway-unanswered", severity::error,
     "the next hop of a route does not answer ARP or NDP: its neighbour entry is FAILED, or INCOMPLETE for a second",
     "look whether the gateway is up and on the same layer 2 as this link: the node's bridge, VLAN, cable or switch",
     links_input | routes_input | neighbours_input, look_for_gateway_unanswered},
    {"duplicate-address", severity::error,
     "duplicate address detection of IPv6 has found the address at somebody else's on the same link, or two namespaces "
     "on one bridge have one address",
     "find out who has it (`ip neigh` of a neighbour, the address plan), and give one of the two another one",
     links_and_addresses | wiring_input, look_for_duplicate_address},
    {"duplicate-mac", severity::error, "two links on one bridge have one hardware address",
     "give one of the two another one (`ip link set IFNAME address …`), and look where it comes from: a fixed address "
     "in "
     "a configuration, a copied machine",
     wiring_input, look_for_duplicate_mac},
    {"mtu-mismatch", severity::warning,
     "the ends of a veth pair have different MTUs, a port of a bridge has a smaller one than the bridge, or a tunnel "
     "has "
     "a larger one than the link below carries with its header",
     "give both the smaller MTU (`ip link set IFNAME mtu MTU`), a tunnel that of the link below less its header, and "
     "correct what has set them: the runtime's or the plugin's configuration",
     links_input | ends_input, look_for_mtu_mismatch},
    {"forwarding-off", severity::error, "containers are on a bridge, and the node does not pass on that family",
     "find out who has set it (`sysctl -a --pattern forward`, files of /etc/sysctl.d); `sysctl -w SETTING=1`",
     routes_input | wiring_input, look_for_forwarding_off},
    {"forward-policy-drop", severity::error,
     "the policy for packets that are passed on is to drop them, and no rule accepts those of a bridge with containers",
     "let the runtime or the plugin write its rules again (restart it), or accept the bridge: `iptables -I FORWARD -i "
     "BRIDGE -j ACCEPT` and the same with `-o`",
     routes_input | wiring_input | filters_input, look_for_forward_policy_drop},
    {"bridge-nf-off", severity::warning,
     "chains of kube-proxy or Docker are there, and bridge-nf-call-iptables is 0 or missing",
     "`modprobe br_netfilter`, then `sysctl -w net.bridge.bridge-nf-call-iptables=1`, and write both down for the next "
     "start (/etc/modules-load.d, /etc/sysctl.d)",
     wiring_input | filters_input, look_for_bridge_nf_off},
    {"two-iptables-backends", severity::warning, "rules are in both the legacy and the nf_tables variant of iptables",
     "find out who uses which (`iptables-legacy-save`, `iptables-nft-save`), let all use one "
     "(`update-alternatives --config iptables`), and remove the rules of the other",
     filters_input, look_for_two_iptables_backends},
    {"reverse-path-filter", severity::warning,
     "rp_filter is strict on a link, and the way back of packets that come in there leaves by another",
     "set it to 2, which is content with any way back (`sysctl -w net.ipv4.conf.IFNAME.rp_filter=2`), or correct the "
     "routes: `ip rule add from ADDRESS lookup TABLE`",
     wiring_input | routes_input, look_for_reverse_path_filter},
    {"shadowed-route", severity::warning,
     "a route is never used: a rule before its own leads to a table with a route for all that it leads to",
     "change the priorities of the rules (`ip rule`), or take one of the two routes away", routes_input | rules_input,
     look_for_shadowed_route},
    {"unused-table", severity::info, "a routing table has routes, and no rule and no VRF device leads to it",
     "add the rule that is missing (`ip rule add ... lookup TABLE`), or remove the routes",
     links_input | routes_input | rules_input, look_for_unused_table},
    {"conntrack-full", severity::warning,
     "more than 90 % of the connections that may be tracked are, or packets were dropped because their connection "
     "found no place",
     "find out who has so many connections (`conntrack -L`), then raise net.netfilter.nf_conntrack_max on the node or "
     "shorten the timeouts",
     conntrack_input, look_for_conntrack_full, counters_input},
    {"neighbour-overflow", severity::error,
     "the node's table of neighbours, which all namespaces share, has reached gc_thresh3, or has refused entries",
     "raise net.ipv4.neigh.default.gc_thresh1 to 3 (or those of ipv6) on the node, or make the layer 2 smaller",
     counters_input, look_for_neighbour_overflow, counters_input},
    {"listen-overflow", severity::error, "the queue of a listener is full, or connections were dropped because one was",
     "look why the program does not accept (processor, locks, a limit of its own); where it only has bursts, give it a "
     "longer queue: the backlog of its listen(), and net.core.somaxconn",
     sockets_input, look_for_listen_overflow, counters_input},
    {"ports-exhausted", severity::warning,
     "connections to one destination use more than 90 % of the local ports of net.ipv4.ip_local_port_range",
     "keep connections open instead of making new ones, widen the range, or use several source addresses",
     sockets_input, look_for_ports_exhausted},
    {"retransmits", severity::warning,
     "more than 5 % of the segments that TCP sent between two readings were sent again",
     "look for what loses packets on the way: findings of `drops` here and on the node, a packet filter, the MTU",
     rates, look_for_retransmits},
    {"drops", severity::warning, "a link has dropped more than 1 % of its packets between two readings",
     "`ip -s -s link show IFNAME` says in which direction and why: the other end does not take them, a queue is too "
     "short, a program does not read",
     links_input | rates, look_for_drops},
    {"hung-tasks", severity::warning, "more than 10 tasks of the container are in uninterruptible sleep",
     "look what they wait for (`cat /proc/PID/stack`): mostly a network file system or a disk that does not answer",
     tasks_input, look_for_hung_tasks},
    {"resolver-unreachable", severity::warning, "no route leads to a nameserver of /etc/resolv.conf",
     "add the route, or take the nameserver out: in Kubernetes the pod's dnsPolicy and dnsConfig or the kubelet's "
     "clusterDNS, with Docker --dns or the node's own file, which is copied",
     links_and_addresses | resolver_input, look_for_resolver_unreachable},
    {"resolver-limits", severity::warning,
     "/etc/resolv.conf has more than 3 nameservers, or a search list of more than 6 domains or 256 characters",
     "shorten it where it is made: the pod's dnsConfig, the node's resolv.conf that is copied, --dns and --dns-search",
     resolver_input, look_for_resolver_limits},
    {"loopback-only-listener", severity::warning,
     "a port of the container is published by its runtime, and nobody listens on it, or only on loopback",
     "let the program listen on all addresses (0.0.0.0 or ::) and on the port that is published, or publish the port "
     "that it listens on",
     sockets_input | runtime_input, look_for_loopback_only_listener},
    {"runtime-disagrees", severity::error,
     "an address, the gateway or the network namespace of a container is not what its runtime says it has set up",
     "find out who has changed it (a script in the container, another manager of networks); start the container again, "
     "or take it off its network and put it back (`docker network disconnect`, `connect`)",
     links_and_addresses | routes_input | rules_input | runtime_input, look_for_runtime_disagrees},
};

}  // namespace

std::span<const rule> all_rules() { return rule_table; }

const rule* find_rule(std::string_view name)
{
    const auto* const found = std::ranges::find(rule_table, name, &rule::name);
    return found != std::end(rule_table) ? found : nullptr;
}

bool is_about_container(std::string_view name)
{
    const rule* const known = find_rule(name);
    return known != nullptr && (known->needs & (tasks_input | resolver_input)) != 0;
}

}  // namespace nodescope::findings
