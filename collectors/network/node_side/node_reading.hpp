// What is read of the node's own namespace to tell how another one is wired to it. Where many are looked at, it is read
// once for all of them: read for each, it would be most of what the answer costs.
#pragma once

#include "collectors/findings/wiring_model.hpp"
#include "collectors/network/part_source.hpp"
#include "core/error.hpp"
#include "netlink/model/address.hpp"
#include "netlink/model/forward_filters.hpp"
#include "netlink/model/link_details.hpp"
#include "netlink/model/network_settings.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/read/dump.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace nodescope {

struct node_reading {
    std::uint64_t netns = 0;  ///< the inode
    std::vector<netlink::detailed_link> links;
    std::vector<netlink::link_address> addresses;
    netlink::network_settings settings;
    /// Only where it was read for many: all bridges, with the other ends that could be found, and the packet filters.
    std::vector<findings::wired_bridge> bridges;
    std::optional<result<netlink::forward_filters>> filters;
};

/// The settings of a namespace, for as many links as are read. Blocking: for pool threads, as those below.
result<netlink::network_settings> blocking_read_wired_settings(const part_source& source,
                                                               const netlink::net_namespace& space);

/// Without what is only read for many. `socket` is in `node`. failure::too_large where it has more links or addresses
/// than are read.
result<node_reading> blocking_read_node(part_source& source, netlink::netlink_socket& socket,
                                        const netlink::net_namespace& node);

/// Everything. The namespace of `source` is the node's; filters where `needed` (bits of findings::model_input) asks for
/// them.
result<std::shared_ptr<const node_reading>> blocking_read_node_for_many(part_source& source, unsigned needed);

}  // namespace nodescope
