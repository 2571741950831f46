// cAdvisor's own answers (tests/fixtures/cadvisor), and the structs that they were made of.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "server/api/cadvisor/samples.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nodescope::testing {

/// Without the blanks around its punctuation, as it was sent.
std::string compact_fixture(const std::string& name);

/// From answers to stats (v2.0, v2.1), machinestats, spec and summary, by what a container's value looks like.
std::vector<cadvisor::container_view> views_of_fixture(const std::string& name);
std::vector<cadvisor::event> events_of_fixture(const std::string& name);
/// The devices of the node that the answers come from.
api::device_naming fixture_devices();

/// `answer` without the keys that cAdvisor 0.35 does not have and we send on purpose.
std::string without_newer_keys(std::string answer);

}  // namespace nodescope::testing
