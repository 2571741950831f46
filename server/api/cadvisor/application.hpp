// Figures that containers publish themselves, as cAdvisor's API shows them. Pure.
#pragma once

#include "collectors/application/figures.hpp"
#include "server/api/cadvisor/go_json.hpp"
#include "server/api/cadvisor/samples.hpp"

#include <cstddef>
#include <string>

namespace nodescope::api {

/// Of a spec: a list of what there is.
void append_metric_specs(go_json& json, const applications::figures& all);
/// Of a sample: an object with a list of values for each name.
void append_metric_values(go_json& json, const applications::figures& all);

/// The answer to `appmetrics`: under the name that was asked for the figures of all containers that were found, by name
/// and by text of labels; of two containers with the same the later one's, as in cAdvisor.
std::string application_metrics_of(const container_views& found, const std::string& asked_for);

/// About what the figures of a container take as JSON.
std::size_t application_bytes(const cadvisor::container_view& one);

}  // namespace nodescope::api
