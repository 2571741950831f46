// The families of one answer to /metrics while they are filled.
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>

#include <cstddef>
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

/// Labels as text, escaped: put together once for all series that have them.
class rendered_labels {
public:
    rendered_labels() = default;
    /// In that order, which is by name; the values are UTF-8.
    explicit rendered_labels(const metric_labels& labels);
    void add(std::string_view name, std::string_view value);
    /// `a="b",c="d"`
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    /// Appends them, with those of `more` at their places by name.
    void append_with(std::string& to, std::initializer_list<extra_label> more) const;

private:
    struct place {
        std::string name;
        std::size_t begin;
        std::size_t end;
    };
    std::string text_;
    std::vector<place> places_;
};

class metric_families {
public:
    /// A family that gets no series is left out of the answer. References last until finish_all() or take_text().
    prometheus::MetricFamily& add(const metric_kind& kind);
    /// A family of one series without labels.
    void add_counter(std::string_view name, std::string_view help, double value);
    void add_gauge(std::string_view name, std::string_view help, double value);
    /// A series as text at once. As an object with a copy of all its labels it would take ten times as long, and
    /// several times the memory. A time of 0 is left out.
    void write_series(prometheus::MetricFamily& family, const rendered_labels& labels, double value,
                      std::initializer_list<extra_label> extra = {}, std::int64_t timestamp_ms = 0);
    /// Turns the families so far into text, which takes less memory.
    void finish_all();
    /// All of them in the text format 0.0.4, sorted by name.
    std::string take_text();

private:
    std::string& begun(prometheus::MetricFamily& family);

    std::vector<std::unique_ptr<prometheus::MetricFamily>> families_;
    std::map<std::string, std::string> begun_;  // by name
    const prometheus::MetricFamily* last_ = nullptr;
    std::string* text_of_last_ = nullptr;
    std::map<std::string, std::string> finished_;  // by name
};

/// `labels` is sorted by name and stays so, its values are UTF-8. A time of 0 is left out.
void append_series(prometheus::MetricFamily& to, const metric_labels& labels, double value,
                   std::initializer_list<extra_label> extra = {}, std::int64_t timestamp_ms = 0);

/// A series without any label but these.
void append_own(prometheus::MetricFamily& to, double value, std::initializer_list<extra_label> labels = {});

}  // namespace nodescope::api
