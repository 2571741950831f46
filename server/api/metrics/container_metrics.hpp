// The container_* families of /metrics, as cAdvisor names and fills them (docs/cadvisor.md, "Metrics"). Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "collectors/wiring/wiring.hpp"
#include "server/api/cadvisor/samples.hpp"
#include "server/api/metrics/metric_families.hpp"
#include "server/api/metrics/series_choice.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace nodescope::api {

enum class label_choice {
    all,   ///< a label that any container has is on every series, as in cAdvisor
    own,   ///< each container's own labels
    none,  ///< only the wanted ones
    /// The wanted ones, and the kubelet's: namespace, pod and container. As its own metrics have it: all of them on
    /// every series, also where they are empty, and CPU time of all processors together.
    kubernetes,
};

struct container_metric_options {
    container_metric_options() = default;
    label_choice labels = label_choice::all;
    std::vector<std::string> wanted_labels;  ///< names of Docker labels that the last two keep
    /// Of each measurement. Prometheus does not notice then that a series has ended, and shows it five minutes longer.
    bool timestamps = false;
    bool processors_together = false;  ///< one series of CPU time for each container; the kubernetes labels imply it
    series_choice chosen;
};

/// Adds the families of each container's newest sample, or of its spec alone where it has none, and of those that have
/// ended. `now` is container_last_seen. Their text has at most about `limit_bytes`: what does not fit is left out, and
/// counted in nodescope_scrape_left_out and nodescope_container_labels_left_out. `wired`: which links of the node are
/// theirs, and what is counted in their networks; null: that is not shown.
void add_container_metrics(metric_families& to, container_views found, const cadvisor::ended_list& ended,
                           const container_metric_options& options, const device_naming& devices,
                           cadvisor::time_point now, std::size_t limit_bytes, const wiring* wired = nullptr);

}  // namespace nodescope::api
