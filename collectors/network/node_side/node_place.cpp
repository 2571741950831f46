#include "collectors/network/node_side/node_place.hpp"

#include "collectors/questions/opened_target.hpp"

#include <unistd.h>

namespace nodescope {

namespace {

std::optional<node_place> place_of(const std::string& root, pid_t pid)
{
    auto process = host::process_handle::open(root, pid);
    if (!process) return std::nullopt;
    auto space = netlink::net_namespace::of_process(process->directory());
    if (!space) return std::nullopt;
    node_place found(std::move(*space));
    found.process = std::move(*process);
    return found;
}

}  // namespace

node_place blocking_node_place(const std::string& root, const netlink::net_namespace& home)
{
    if (auto init = place_of(root, init_pid)) return std::move(*init);
    // Below another root the number may be somebody else's.
    if (auto own = place_of(root, ::getpid()); own && own->space.identity() == home.identity()) return std::move(*own);
    return node_place(home);
}

}  // namespace nodescope
