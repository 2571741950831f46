// The containers of the node as a person lists them: what each is and whose, and what it uses now. Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

namespace nodescope::api {

/// What only its processes say about a container.
struct process_facts {
    process_facts() = default;
    pid_t pid = 0;                       ///< its first process
    std::uint64_t netns = 0;             ///< the inode of its network namespace; 0: not known
    std::vector<std::string> addresses;  ///< "10.0.0.2/24", of that namespace, without those of loopback
};

struct container_listing {
    container_listing() = default;
    std::vector<cadvisor::container_view> views;     ///< plain cgroups but "/" are not shown
    std::map<std::string, process_facts> processes;  ///< by id
    cadvisor::ended_list ended;                      ///< shown where it is not empty
    std::map<std::string, std::string> notes;        ///< by what they are about
};

/// The JSON text with its end of line, of at most about `limit_bytes`: containers beyond that are left out, and a note
/// says how many.
std::string containers_reply(const container_listing& all, std::size_t limit_bytes);

}  // namespace nodescope::api
