// Figures that regular expressions find in what an application answers. Pure.
#pragma once

#include "collectors/application/configuration.hpp"
#include "collectors/application/figures.hpp"
#include "core/error.hpp"

#include <string_view>
#include <vector>

namespace nodescope::applications {

/// Both are made by strangers: RE2 takes time in proportion to the text, and no more memory than it is given. A pattern
/// that finds nothing has no value, and costs the others theirs nothing. failure::malformed when one of them is no
/// regular expression or has no group.
result<figures> apply_patterns(const std::vector<pattern_metric>& patterns, std::string_view text, time_point now);

}  // namespace nodescope::applications
