// The parts of an answer about a network, in one table.
#pragma once

#include "collectors/network/part_source.hpp"
#include "collectors/network/part_text.hpp"
#include "core/error.hpp"

#include <span>
#include <string>
#include <string_view>

namespace nodescope {

struct network_part {
    std::string_view name;
    /// Reads the part and writes it. On a worker thread.
    result<part_text> (*blocking_read)(part_source& source) = nullptr;
    bool on_request = false;       ///< only where the caller names it
    bool uses_containers = false;  ///< looks at part_source::known.containers
    bool can_hang = false;         ///< reads files of the container: on threads of its own
    bool by_programs = false;      ///< the collector runs programs for it; it has no `blocking_read`
};

/// All of them, in the order in which they are read and written.
std::span<const network_part> network_parts();

/// Null for a name that is not there.
const network_part* find_network_part(std::string_view name);

/// "addr, route, …", for a message.
std::string network_part_names();

}  // namespace nodescope
