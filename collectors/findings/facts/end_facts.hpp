// What several rules ask about the other ends of links.
#pragma once

#include "collectors/findings/network_model.hpp"

#include <string_view>
#include <unordered_set>

namespace nodescope::findings {

/// It is on the node, in a network that is not this one, and administratively down.
bool is_lowered_by_node(const network_model& model, const other_end& end);
/// The indexes of the links whose other ends are.
std::unordered_set<int> links_lowered_by_node(const network_model& model);

/// "on the node", "in this namespace", "in another namespace"
std::string_view place_text(const other_end& end);

}  // namespace nodescope::findings
