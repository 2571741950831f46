// "Did you mean": the known word that a mistyped one most likely stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// ", did you mean --timeout-nat?" with the word of `known` that has the fewest edits from `word`, and `dashes` in
/// front of it; empty when none is near. Words over 64 bytes are near nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known, std::string_view dashes);

}  // namespace nodescope
