// How Docker words for people what its list says of a container. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace nodescope {

/// "5 minutes", "About an hour", "3 weeks" (docker/go-units, HumanDuration).
std::string human_duration(std::chrono::seconds length);
/// Arguments in one line, those with a blank in quotes.
std::string command_text(const std::vector<std::string>& arguments);

}  // namespace nodescope
