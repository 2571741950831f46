#include "collectors/network/topology/open_namespaces.hpp"

#include "collectors/host/proc/process_handle.hpp"
#include "collectors/questions/opened_target.hpp"

#include <fmt/format.h>

#include <utility>

namespace nodescope {

netlink::net_namespace blocking_node_namespace(const std::string& root, const netlink::net_namespace& home)
{
    auto space = blocking_network_of(root, init_pid, 0);
    if (!space) return home;
    return std::move(*space);
}

result<netlink::net_namespace> blocking_network_of(const std::string& root, pid_t pid, std::uint64_t start_ticks)
{
    const auto process = host::process_handle::open(root, pid);
    if (!process) return process.error();
    const auto another = [pid] {
        return error(failure::gone, fmt::format("process {} is no longer the one that was found", pid));
    };
    if (start_ticks != 0) {
        const auto began = process->start_ticks();
        if (!began) return began.error();
        if (*began != start_ticks) return another();
    }
    auto space = netlink::net_namespace::of_process(process->directory());
    if (space && !process->alive()) return another();
    return space;
}

}  // namespace nodescope
