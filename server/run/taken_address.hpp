// An address to listen on that somebody else holds.
#pragma once

#include "core/deadline.hpp"

#include <string>
#include <vector>

namespace nodescope {

/// Who holds the first of these addresses (--listen values) that is held: "127.0.0.1:8095 is held by uid 65534, process
/// 4711 (nc)". A sentence without anybody where none is found: a socket may hold an address without listening on it.
/// Blocks until `limit` at most.
std::string blocking_name_holder(const std::vector<std::string>& addresses, const std::string& root, deadline limit);

}  // namespace nodescope
