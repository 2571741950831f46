// The half of mtu-mismatch that is about tunnels.
#pragma once

#include "collectors/findings/finding.hpp"
#include "collectors/findings/network_model.hpp"

namespace nodescope::findings {

/// Tunnels that may send more than the link below carries once their header is before it.
void compare_overlays(const network_model& model, finding_list& found);

}  // namespace nodescope::findings
