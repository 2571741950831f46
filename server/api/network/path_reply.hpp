// The answer of /v1/path.
#pragma once

#include "collectors/network/path/path_collector.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <string>

namespace nodescope::api {

/// {"target":{…},"reachable":…,"hops":[…],"summary":…,"notes":{…}}, at most `limit_bytes` long: where it would be
/// longer, no rules are quoted, and `notes` says so. failure::too_large where that is not enough.
result<std::string> path_reply(const path_reading& found, std::size_t limit_bytes);

}  // namespace nodescope::api
