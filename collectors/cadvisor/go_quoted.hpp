// Names in sentences as cAdvisor, a Go program, words them: clients look for these texts.
#pragma once

#include <string>
#include <string_view>

namespace nodescope::cadvisor {

/// fmt's %q: in double quotes, with quotes, backslashes and what is not printable escaped. Bytes may come from outside.
std::string go_quoted(std::string_view text);

}  // namespace nodescope::cadvisor
