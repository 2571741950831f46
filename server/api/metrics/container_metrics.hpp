// The container_* families of /metrics, as cAdvisor names and fills them (contract: cAdvisor REST API, 13). Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "server/api/cadvisor/samples.hpp"
#include "server/api/metrics/metric_families.hpp"

#include <string>
#include <vector>

namespace nodescope::api {

enum class label_choice {
    all,   ///< a label that any container has is on every series, as in cAdvisor
    own,   ///< each container's own labels
    none,  ///< only the wanted ones
};

struct container_metric_options {
    container_metric_options() = default;
    label_choice labels = label_choice::all;
    std::vector<std::string> wanted_labels;  ///< names of Docker labels that `none` keeps
};

/// Adds the families of each container's newest sample, or of its spec alone where it has none. `now` is
/// container_last_seen.
void add_container_metrics(metric_families& to, const container_views& found, const container_metric_options& options,
                           const device_naming& devices, cadvisor::time_point now);

}  // namespace nodescope::api
