// What the files that fill the container_* families share: a container as its series need it.
#pragma once

#include "core/byte_budget.hpp"
#include "server/api/cadvisor/groups.hpp"
#include "server/api/metrics/container_metrics.hpp"
#include "server/api/metrics/metric_families.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

namespace nodescope::api {

inline constexpr double nanoseconds_per_second = 1e9;
inline constexpr double microseconds_per_second = 1e6;
inline constexpr double milliseconds_per_second = 1e3;

/// What the series of one answer may take.
struct scrape_room {
    scrape_room(metric_families& t, std::size_t limit_bytes) : to(t), bytes(limit_bytes) {}
    metric_families& to;
    byte_budget bytes;
};

/// One container of an answer.
struct scraped_container {
    const cadvisor::container_view* container = nullptr;
    const cadvisor::sample* newest = nullptr;  ///< null: there is none
    rendered_labels labels;
    scrape_room* room = nullptr;
    std::int64_t timestamp_ms = 0;  ///< 0: series have none
};
using scrape = std::vector<scraped_container>;

/// Those of `all` that `wanted` takes.
scrape those_with(const scrape& all, const std::function<bool(const scraped_container&)>& wanted);

/// A value of the newest sample, with its time where series have one.
void append(prometheus::MetricFamily& to, const scraped_container& of, double value,
            std::initializer_list<extra_label> extra = {});
/// The same with another time, or none: 0. A series that there is no room for is counted.
void append_at(prometheus::MetricFamily& to, const scraped_container& of, double value, std::int64_t timestamp_ms,
               std::initializer_list<extra_label> extra = {});

double seconds_of(cadvisor::time_point when) noexcept;

/// Per subject, of containers that have a sample; those without the group that it is about are left out. With
/// `processors_together` there is one series of CPU time, also where it is known of each processor.
void add_usage_metrics(metric_families& to, const scrape& all, const series_choice& chosen, bool processors_together);
void add_disk_metrics(metric_families& to, const scrape& all, const series_choice& chosen, device_names& devices);
/// What applications say of themselves, under the names that they give it. Names of families of ours are not theirs to
/// use: such figures are counted in nodescope_scrape_left_out.
void add_application_metrics(metric_families& to, const scrape& measured);
/// Which link of the node each interface of a container ends at, and in which bridge that is. As with the other series
/// of networks there is one container of those that share a network.
void add_node_interface_metrics(metric_families& to, const scrape& measured, const wiring& wired,
                                const series_choice& chosen);
/// What is counted in the network namespaces of containers and of the node, once each.
void add_network_figures(metric_families& to, const scrape& measured, const wiring& wired);
void add_restart_metrics(metric_families& to, const scrape& measured, const cadvisor::ended_list& ended,
                         scrape_room& room);

}  // namespace nodescope::api
