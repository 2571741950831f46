// Parts that are not dumps of rtnetlink: sockets, filters, counters and settings, and the files by which a container
// looks names up.
#pragma once

#include "collectors/network/part_source.hpp"
#include "collectors/network/part_text.hpp"
#include "core/error.hpp"

namespace nodescope {

result<part_text> blocking_sockets(part_source& source);
result<part_text> blocking_sockets_all(part_source& source);
result<part_text> blocking_conntrack(part_source& source);
result<part_text> blocking_counters(part_source& source);
result<part_text> blocking_netfilter(part_source& source);
result<part_text> blocking_sysctl(part_source& source);
result<part_text> blocking_resolver(part_source& source);

}  // namespace nodescope
