#include "tests/support/fixtures.hpp"

namespace nodescope::testing {

std::string fixture_path(std::string_view name) { return std::string(NODESCOPE_FIXTURES "/").append(name); }

}  // namespace nodescope::testing
