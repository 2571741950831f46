// What is wrong with a network, as the processor contract writes it: the answer of /v1/findings under one key.
#pragma once

#include "collectors/findings/report.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <string>

namespace nodescope::api {

/// The answer's body, at most `max_reply_bytes` long: findings that do not fit are left out, the lightest first, and
/// `notes` in the value says so. failure::too_large where not even an answer without findings fits.
result<std::string> network_diagnosis(const findings::report& made, std::size_t max_reply_bytes);

}  // namespace nodescope::api
