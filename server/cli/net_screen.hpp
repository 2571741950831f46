// One network on one screen, made of the answers of /v1/network and /v1/findings.
#pragma once

#include "server/cli/json_value.hpp"
#include "server/cli/screen.hpp"

#include <string>

namespace nodescope::cli {

/// The parts of /v1/network that the screen shows.
inline constexpr const char* net_screen_parts = "addr,route,peers,sockets,resolver";

/// Parts that are missing are named with their reasons; `findings` may be the value that is not there.
std::string net_screen(const json_value& network, const json_value& findings, const screen& on);

}  // namespace nodescope::cli
