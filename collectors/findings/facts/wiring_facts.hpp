// What several rules ask about bridges and what is connected to them.
#pragma once

#include "collectors/findings/network_model.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nodescope::findings {

/// A bridge over whose address containers reach other networks.
struct routed_bridge {
    const wired_side* where = nullptr;
    const wired_bridge* bridge = nullptr;
    std::vector<std::uint8_t> families;  ///< AF_*
};

/// Of the namespace that is looked at, those with containers and an address; of the node's, those that one of its links
/// is connected to and whose address is the next hop of a route. Those that are down are left out.
std::vector<routed_bridge> routed_bridges(const network_model& model);

/// The two are the same as far as `bits` go.
bool same_beginning(const netlink::network_address& one, const netlink::network_address& other, unsigned bits);

/// "on the node", "in this namespace"
std::string_view place_text(const wired_side& where);

/// "02:42:ac:11:00:02"
std::string text_of(const netlink::hardware_address& address);

/// What is connected to a bridge with something that nobody else there may have.
struct station {
    std::string said;         ///< for sentences: "eth0 of the container web", "the port veth7"
    std::string ifname;       ///< in the bridge's namespace: its port, or itself
    std::uint64_t netns = 0;  ///< where it is
    bool is_bridge = false;
    bool is_end = false;   ///< the other end of a port
    bool is_own = false;   ///< a link of the namespace that is looked at, or its end on the node
    std::string own_name;  ///< of a link of the namespace that is looked at
};

/// The stations of a bridge: itself, its ports and what is at their other ends.
struct bridge_station : station {
    const std::optional<netlink::hardware_address>* hardware = nullptr;
    const std::vector<netlink::link_address>* addresses = nullptr;  ///< null: a port has none
};
std::vector<bridge_station> stations_of(const network_model& model, const wired_side& where,
                                        const wired_bridge& bridge);

/// About stations that have the same: about the looked-at namespace's own link where it is one of them, else about the
/// first of them.
subject subject_of(const wired_side& where, const std::vector<const bridge_station*>& same);
/// "eth0 of the container web and the port veth7"
std::string names_of(const std::vector<const bridge_station*>& same);

}  // namespace nodescope::findings
