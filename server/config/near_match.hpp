// "Did you mean": the known word that a mistyped one most likely stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// The word of `known` with the fewest edits from `word`; empty when none is near. Words over 64 bytes are near
/// nothing.
std::string near_match(std::string_view word, const std::vector<std::string>& known);

}  // namespace nodescope
