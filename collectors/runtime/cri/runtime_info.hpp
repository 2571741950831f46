// What a runtime says of itself, as one JSON object. Pure.
#pragma once

#include "collectors/runtime/cri/messages.hpp"

#include <string>

namespace nodescope::cri {

/// {"runtimeName", "runtimeVersion", "runtimeApiVersion", "endpoint", "conditions", "config"}. Of the configuration
/// what is about registries is left out, as it may hold passwords.
std::string info_json(const version_answer& version, const runtime_status& status, const std::string& endpoint);

}  // namespace nodescope::cri
