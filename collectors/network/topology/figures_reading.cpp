#include "collectors/network/topology/figures_reading.hpp"

#include "collectors/host/proc/process_handle.hpp"
#include "collectors/network/topology/namespace_figures.hpp"
#include "collectors/questions/opened_target.hpp"

#include <unistd.h>

#include <optional>

namespace nodescope {

using netlink::net_namespace;

bool figures_reader::is_new(const net_namespace& there)
{
    if (most_ == 0 || !seen_.insert(there.identity().inode).second) return false;
    if (seen_.size() <= most_) return true;
    ++found_.left_out;
    return false;
}

result<namespace_figures> figures_reader::blocking_figures(const net_namespace& there, pid_t pid,
                                                           std::uint64_t start_ticks) const
{
    const auto another = [] { return error(failure::gone, "it is another process, or in another network by now"); };
    const auto process = host::process_handle::open(root_, pid);
    if (!process) return process.error();
    if (start_ticks != 0) {
        const auto began = process->start_ticks();
        if (!began) return began.error();
        if (*began != start_ticks) return another();
    }
    // The files below are those of whatever network it is in.
    const auto space = net_namespace::of_process(process->directory());
    if (!space) return space.error();
    if (space->identity() != there.identity()) return another();
    return blocking_read_namespace_figures(home_, there, process->directory(), limit_, abandoned_);
}

void figures_reader::keep(const net_namespace& there, result<namespace_figures> read)
{
    if (!read) {
        // What has ended meanwhile has no figures, and nothing of it is missing.
        if (read.error().kind() != failure::gone) ++found_.unread;
        return;
    }
    if (!read->missing.empty()) ++found_.unread;
    found_.by_netns.emplace(there.identity().inode, std::move(*read));
}

void figures_reader::read(const net_namespace& there, pid_t pid, std::uint64_t start_ticks)
{
    if (is_new(there)) keep(there, blocking_figures(there, pid, start_ticks));
}

void figures_reader::read_node(const net_namespace& there)
{
    if (!is_new(there)) return;
    auto by_init = blocking_figures(there, init_pid, 0);
    if (by_init) return keep(there, std::move(by_init));
    // Where that process may not be looked at, the node's network is taken to be the one of this service.
    auto by_this = blocking_figures(there, ::getpid(), 0);
    if (by_this) return keep(there, std::move(by_this));
    ++found_.unread;
}

}  // namespace nodescope
