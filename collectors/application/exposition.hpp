// Prometheus' text format 0.0.4, read: figures with their labels. Made by the application in a container. Pure.
#pragma once

#include "collectors/application/figures.hpp"
#include "core/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nodescope::applications {

/// The figures of `text` whose name is among `wanted`, or all where that is empty. What JSON cannot say (NaN, infinity)
/// is left out. `now` is the time of those that have none. failure::malformed names the line;
/// failure::too_large beyond metric_limit names or value_limit values.
result<figures> parse_exposition(std::string_view text, const std::vector<std::string>& wanted, time_point now);

}  // namespace nodescope::applications
