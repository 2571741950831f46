// The families of one answer to /metrics while they are filled.
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::api {

using metric_labels = std::vector<prometheus::ClientMetric::Label>;

/// What a family is called, what it says of itself, and how its values behave.
struct metric_kind {
    std::string_view name;
    std::string_view help;
    prometheus::MetricType type = prometheus::MetricType::Gauge;
};
inline constexpr auto counter = prometheus::MetricType::Counter;
inline constexpr auto gauge = prometheus::MetricType::Gauge;

inline double as_double(std::uint64_t value) noexcept { return static_cast<double>(value); }

/// One label of a series besides those of what it belongs to.
struct extra_label {
    std::string_view name;
    std::string_view value;
};

class metric_families {
public:
    /// A family that gets no series is left out of the answer. References last until finish_all() or take_text().
    prometheus::MetricFamily& add(const metric_kind& kind);
    /// A family of one series without labels.
    void add_counter(std::string_view name, std::string_view help, double value);
    void add_gauge(std::string_view name, std::string_view help, double value);
    /// Turns the series of a family so far into text when they are many.
    void keep_small(prometheus::MetricFamily& family);
    /// Turns the families so far into text: as series, each of which holds a copy of all its labels, they take several
    /// times the memory.
    void finish_all();
    /// All of them in the text format 0.0.4, sorted by name.
    std::string take_text();

private:
    std::vector<std::unique_ptr<prometheus::MetricFamily>> families_;
    std::map<std::string, std::string> begun_;     // by name
    std::map<std::string, std::string> finished_;  // by name
};

/// `labels` is sorted by name and stays so, its values are UTF-8. A time of 0 is left out.
void append_series(prometheus::MetricFamily& to, const metric_labels& labels, double value,
                   std::initializer_list<extra_label> extra = {}, std::int64_t timestamp_ms = 0);

/// A series without any label but these.
void append_own(prometheus::MetricFamily& to, double value, std::initializer_list<extra_label> labels = {});

}  // namespace nodescope::api
