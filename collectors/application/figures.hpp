// What applications in containers say of themselves: figures that they publish over HTTP. Plain data.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace nodescope::applications {

using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;

/// A figure as it is announced, in cAdvisor's words.
struct metric_spec {
    bool operator==(const metric_spec&) const = default;
    std::string name;
    std::string type;    ///< "gauge", "cumulative", "HISTOGRAM", …: for a regular expression what its author wrote
    std::string format;  ///< "int" or "float"
    std::string units;
};

struct metric_value {
    bool operator==(const metric_value&) const = default;
    std::string name;
    bool is_prometheus = false;                 ///< it is Prometheus'; else there are none
    std::map<std::string, std::string> labels;  ///< without the name
    bool is_whole = false;                      ///< which of the two it is
    std::int64_t whole = 0;
    double real = 0;  ///< finite
    time_point when;  ///< as the application says, else when it was asked
};

struct figures {
    bool operator==(const figures&) const = default;
    std::vector<metric_spec> specs;
    std::vector<metric_value> values;
};

/// About what they take in memory.
std::size_t bytes_of(const figures& all) noexcept;

/// Names of one container, as cAdvisor has it (--application_metrics_count_limit), and values of one.
inline constexpr std::size_t metric_limit = 100;
inline constexpr std::size_t value_limit = 1000;

}  // namespace nodescope::applications
