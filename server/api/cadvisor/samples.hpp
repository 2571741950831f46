// What containers used, as the answers to `stats` (v2.0, v2.1), `machinestats`, `summary` and `spec` show it. Pure:
// what was found in, the JSON text out, without a tree in between.
#pragma once

#include "collectors/cadvisor/model.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nodescope::api {

/// What a block device is called: "/dev/vda", empty when it is not known. May be empty itself.
using device_naming = std::function<std::string(std::uint32_t major, std::uint32_t minor, bool of_root)>;

using container_views = std::vector<cadvisor::container_view>;

/// {"<name>": [samples]}.
std::string stats_v2_0(const container_views& found, const device_naming& devices);
/// {"<name>": {"spec": …, "stats": [samples]}}, without "/".
std::string stats_v2_1(const container_views& found, const device_naming& devices);
/// [samples] of the one container that was found, "/"; null without any.
std::string machine_stats(const container_views& found);
std::string spec_of_all(const container_views& found);
/// Every view has a summary.
std::string summary_of_all(const container_views& found);

}  // namespace nodescope::api
