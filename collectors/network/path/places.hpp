// The namespaces that a packet may come to: that of the question, the node's, those of containers that were found
// before, and those with a name under /run/netns.
#pragma once

#include "collectors/host/proc/process_handle.hpp"
#include "collectors/network/path/path_model.hpp"
#include "collectors/questions/opened_target.hpp"
#include "collectors/runtime/known_containers.hpp"
#include "core/deadline.hpp"
#include "netlink/net_namespace.hpp"
#include "netlink/read/dump.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::paths {

struct place {
    place(place_kind k, netlink::net_namespace s) : kind(k), space(std::move(s)) {}
    place_kind kind;
    netlink::net_namespace space;
    std::string name;                                     ///< under /run/netns
    std::optional<shown_container> container;             ///< whose it is
    std::shared_ptr<const host::process_handle> process;  ///< one that is in it; null where none is known
};

/// For pool threads, one at a time.
class place_finder {
public:
    place_finder(std::string root, netlink::net_namespace home, std::vector<known_container> containers,
                 std::shared_ptr<const opened_namespace> asked, std::optional<shown_container> owner, bool is_node);

    /// Of the question.
    [[nodiscard]] const place& asked() const noexcept { return asked_; }
    /// That which the namespace of `from` knows by this id (RTM_GETNSID); none where it is nobody's that can be found.
    std::optional<place> blocking_find(netlink::netlink_socket& from, std::int32_t id, deadline limit);

private:
    std::optional<place> blocking_open_node() const;
    std::optional<place> blocking_open_container(const known_container& which) const;
    std::optional<place> blocking_find_named(netlink::netlink_socket& from, std::int32_t id, deadline limit) const;

    std::string root_;
    netlink::net_namespace home_;
    std::vector<known_container> containers_;
    place asked_;
};

}  // namespace nodescope::paths
