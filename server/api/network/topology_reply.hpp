// The answer of /v1/topology.
#pragma once

#include "collectors/wiring/wiring.hpp"

#include <cstddef>
#include <string>

namespace nodescope::api {

/// {"namespaces":[…],"links":[…],"edges":[…],"notes":{…}}, at most about `limit_bytes` long: lists that do not fit are
/// cut at their ends, and `notes` says so. With as many links as a reading has at most it takes milliseconds: for pool
/// threads.
std::string topology_reply(const wiring& read, std::size_t limit_bytes);

}  // namespace nodescope::api
