// Where the containers of the node run: the first process of each, its network namespace and the addresses there. By
// the kernel alone: no runtime is asked.
#pragma once

#include "collectors/network/topology/running_containers.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/shared_calls.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace nodescope {

struct place_of_container {
    place_of_container() = default;
    pid_t pid = 0;                       ///< of its first process
    std::uint64_t netns = 0;             ///< inode; 0: it could not be looked at
    std::vector<std::string> addresses;  ///< "10.0.0.2/24"; none of loopback, none that is only link-local
};

struct container_places_found {
    std::map<std::string, place_of_container> by_id;  ///< of those that have a process
    std::vector<running_container> found;             ///< for the next look
    std::string note;                                 ///< what is missing
};

/// Of each network; with running_container_limit all of them take less than 4 MB.
inline constexpr std::size_t most_addresses = 16;

/// Each namespace is read once, however many containers are in it. `before` is what was found the last time; `home` is
/// the network of the calling thread. Where time runs out there are fewer, and the note says so. Blocking: for pool
/// threads.
container_places_found blocking_find_places(const std::string& root, const std::vector<running_container>& before,
                                            const netlink::net_namespace& home, deadline limit,
                                            const abandon_flag& abandoned);

/// Reactor thread only. Outlives its calls.
class container_places_collector {
public:
    using answer = std::shared_ptr<const container_places_found>;

    container_places_collector(worker_pool& pool, std::string root, netlink::net_namespace home,
                               steady_clock::duration timeout)
        : pool_(pool), root_(std::move(root)), home_(std::move(home)), timeout_(timeout)
    {
    }
    /// Read live; who asks at the same time shares one look.
    task<result<answer>> look(deadline limit);

private:
    task<result<answer>> look_now(deadline limit);

    worker_pool& pool_;
    const std::string root_;
    const netlink::net_namespace home_;
    const steady_clock::duration timeout_;
    std::vector<running_container> before_;  // of the last look
    shared_calls<answer> looks_{timeout_};
};

}  // namespace nodescope
