// The families about who was let in, and about the files that say so. Pure.
#pragma once

#include "server/api/metrics/metric_families.hpp"
#include "server/auth/access_statistics.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::api {

struct access_state {
    access_state() = default;
    std::vector<std::string> methods;  ///< in use: others have no series
    auth::access_statistics statistics;
    std::vector<auth::reload_statistics> reloads;
    std::optional<std::chrono::system_clock::time_point> certificate_expiry;  ///< of what is served with TLS
};

void add_access_metrics(metric_families& to, const access_state& state);

}  // namespace nodescope::api
