// What a container is and what it may use, as cAdvisor's API shows it, with the keys in its order.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "server/api/cadvisor/go_json.hpp"

namespace nodescope::api {

/// Appends an object.
void append_spec(go_json& json, const cadvisor::container_view& of);

}  // namespace nodescope::api
