// Where tests/fixtures is: captured from real kernels and daemons.
#pragma once

#include <string>
#include <string_view>

namespace nodescope::testing {

/// The path of tests/fixtures/`name`.
[[nodiscard]] std::string fixture_path(std::string_view name);

}  // namespace nodescope::testing
