// What the files that fill the container_* families share: a container as its series need it.
#pragma once

#include "server/api/cadvisor/groups.hpp"
#include "server/api/metrics/container_metrics.hpp"
#include "server/api/metrics/metric_families.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <vector>

namespace nodescope::api {

inline constexpr double nanoseconds_per_second = 1e9;
inline constexpr double microseconds_per_second = 1e6;
inline constexpr double milliseconds_per_second = 1e3;

/// One container of an answer.
struct scraped_container {
    const cadvisor::container_view* container = nullptr;
    const cadvisor::sample* newest = nullptr;  ///< null: there is none
    metric_labels labels;
    std::int64_t timestamp_ms = 0;
};
using scrape = std::vector<scraped_container>;

/// Those of `all` that have a sample and that `wanted` takes.
scrape measured(const scrape& all, const std::function<bool(const scraped_container&)>& wanted);

/// A value of the newest sample, with its time.
void append(prometheus::MetricFamily& to, const scraped_container& of, double value,
            std::initializer_list<extra_label> extra = {});

/// Per subject; containers without the group that it is about are left out.
void add_usage_metrics(metric_families& to, const scrape& all);
void add_disk_metrics(metric_families& to, const scrape& all, device_names& devices);

}  // namespace nodescope::api
