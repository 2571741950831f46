// What a question about a packet's way is, and what is answered: hop by hop, each as the kernel told it.
#pragma once

#include "collectors/network/part_source.hpp"
#include "netlink/model/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::paths {

/// Of namespaces and bridges on the way; a packet that has come so far goes in a circle.
inline constexpr std::size_t hops_limit = 16;

struct packet {
    std::uint8_t family = 0;  ///< AF_INET, AF_INET6
    netlink::network_address destination;
    std::optional<netlink::network_address> source;  ///< what the kernel chose, once it was asked
    std::uint8_t protocol = 0;                       ///< IPPROTO_*, 0 for any
    std::uint16_t port = 0;                          ///< 0 for any
};

/// "10.0.0.1", "tcp to 10.0.0.1 port 80"
std::string text_of(const packet& what);

enum class place_kind { node, container, named, other };
constexpr std::string_view to_string(place_kind of) noexcept
{
    switch (of) {
        case place_kind::node: return "node";
        case place_kind::container: return "container";
        case place_kind::named: return "named";
        case place_kind::other: return "other";
    }
    return "";
}

enum class verdict { forwarded, delivered, stopped };
constexpr std::string_view to_string(verdict of) noexcept
{
    switch (of) {
        case verdict::forwarded: return "forwarded";
        case verdict::delivered: return "delivered";
        case verdict::stopped: return "stopped";
    }
    return "";
}

enum class reachability { yes, no, unknown };
constexpr std::string_view to_string(reachability of) noexcept
{
    switch (of) {
        case reachability::yes: return "yes";
        case reachability::no: return "no";
        case reachability::unknown: return "unknown";
    }
    return "";
}

/// A rule of a packet filter, in the words of the program that has shown it.
struct quoted_rule {
    std::string hook;     ///< "forward"; of a chain that the hook leads to, too
    std::string program;  ///< "iptables-nft-save", "nft"
    std::string table;    ///< "nat", "inet filter"
    std::string text;     ///< "-A FORWARD -d 10.0.0.1/32 -j DROP"
};

struct hop {
    std::uint64_t netns = 0;
    place_kind place = place_kind::other;
    std::string place_name;                    ///< under /run/netns
    std::optional<shown_container> container;  ///< whose namespace it is
    std::string input;                         ///< it came in there; empty: it was sent there
    std::string ifname;                        ///< it leaves there, or is delivered there
    // JSON, each one value; empty where there is none.
    std::string route;       ///< as `ip -j route get` has it
    std::string candidates;  ///< routes, where the kernel must not be asked
    std::string neighbour;
    std::string forwarding;  ///< the bridge's entry
    std::vector<quoted_rule> netfilter;
    std::string translated;  ///< the address that a rule put in the place of the destination
    verdict what = verdict::stopped;
    std::string why;  ///< one sentence, without a full stop
};

struct report {
    std::vector<hop> hops;
    reachability reachable = reachability::unknown;
    std::string summary;
    std::vector<std::string> notes;
};

}  // namespace nodescope::paths
