// One namespace while its parts are read: what several parts need is opened and read by the first of them.
#pragma once

#include "collectors/questions/namespace_reader.hpp"
#include "collectors/runtime/known_containers.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/worker_pool.hpp"
#include "netlink/json/context.hpp"
#include "netlink/model/reading.hpp"
#include "netlink/model/route_details.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/read/dump.hpp"
#include "netlink/text/iproute_names.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope {

/// What a part shows of a container.
struct shown_container {
    std::string id;
    std::string name;
    std::string runtime;
};

struct node_reading;

/// What is known before anything is read.
struct known_surroundings {
    known_surroundings() = default;
    bool is_node = false;                     ///< the namespace is the node's
    std::optional<shown_container> owner;     ///< whose it is
    std::vector<known_container> containers;  ///< others, for parts that look at them
    /// What was just read of the node's namespace for several others; null: it is read where it is needed.
    std::shared_ptr<const node_reading> node;
};

/// For one worker thread. What is referenced outlives it.
class part_source {
public:
    part_source(const netlink::net_namespace& h, const opened_namespace& w, const known_surroundings& k, std::string r,
                std::size_t bytes, deadline l, const abandon_flag& a)
        : home(h), where(w), known(k), root(std::move(r)), limit_bytes(bytes), limit(l), abandoned(a), names_(root)
    {
    }

    const netlink::net_namespace& home;
    const opened_namespace& where;
    const known_surroundings& known;
    const std::string root;         ///< of the node's file system
    const std::size_t limit_bytes;  ///< a part's JSON is cut at about this size
    const deadline limit;           ///< of all parts together
    const abandon_flag& abandoned;

    /// The one rtnetlink socket.
    result<netlink::netlink_socket*> blocking_socket();
    /// Spares the next function a read: these are the links.
    void know(netlink::link_index links) { index_ = std::move(links); }
    /// Names and types of the links.
    result<netlink::json_context> blocking_context();
    /// Of all families.
    result<const netlink::dumped<netlink::detailed_route>*> blocking_routes();
    /// Those of IPv6 among them: the same list where it was read and is whole.
    result<const netlink::dumped<netlink::detailed_route>*> blocking_routes6();
    result<const netlink::dumped<netlink::detailed_nexthop>*> blocking_nexthops();

private:
    template <class T, class Read>
    result<const T*> once(std::optional<result<T>>& kept, const Read& read);

    netlink::iproute_names names_;
    std::optional<result<netlink::netlink_socket>> socket_;
    std::optional<result<netlink::link_index>> index_;
    std::optional<result<netlink::dumped<netlink::detailed_route>>> routes_;
    std::optional<result<netlink::dumped<netlink::detailed_route>>> routes6_;
    std::optional<result<netlink::dumped<netlink::detailed_nexthop>>> nexthops_;
};

}  // namespace nodescope
