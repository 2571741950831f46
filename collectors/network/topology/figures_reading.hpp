// Figures of network namespaces, read while the look at all of them is there anyway. Blocking: for pool threads.
#pragma once

#include "collectors/wiring/wiring.hpp"
#include "core/deadline.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace nodescope {

/// What is referenced outlives the reader.
class figures_reader {
public:
    /// Reads `most` namespaces at most, each once; 0: none, and none is counted as left out.
    figures_reader(const netlink::net_namespace& home, const std::string& root, std::size_t most, deadline limit,
                   const abandon_flag& abandoned)
        : home_(home), root_(root), most_(most), limit_(limit), abandoned_(abandoned)
    {
    }

    /// Of `there`, through the process that began then; 0: through whoever has that number.
    void read(const netlink::net_namespace& there, pid_t pid, std::uint64_t start_ticks);
    /// Of `there`, the node's, through its first process or this one.
    void read_node(const netlink::net_namespace& there);
    /// As many containers were not looked at.
    void skip(std::size_t containers) { found_.unread += most_ == 0 ? 0 : containers; }
    [[nodiscard]] wired_figures take() { return std::move(found_); }

private:
    [[nodiscard]] bool is_new(const netlink::net_namespace& there);
    [[nodiscard]] result<namespace_figures> blocking_figures(const netlink::net_namespace& there, pid_t pid,
                                                             std::uint64_t start_ticks) const;
    void keep(const netlink::net_namespace& there, result<namespace_figures> read);

    const netlink::net_namespace& home_;
    const std::string& root_;
    const std::size_t most_;
    const deadline limit_;
    const abandon_flag& abandoned_;
    std::set<std::uint64_t> seen_;  // by inode
    wired_figures found_;
};

}  // namespace nodescope
