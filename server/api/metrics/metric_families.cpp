#include "server/api/metrics/metric_families.hpp"

#include "core/text.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <utility>

namespace nodescope::api {

prometheus::MetricFamily& metric_families::add(const metric_kind& kind)
{
    auto& family = *families_.emplace_back(std::make_unique<prometheus::MetricFamily>());
    family.name = kind.name;
    family.help = kind.help;
    family.type = kind.type;
    return family;
}

void metric_families::add_counter(std::string_view name, std::string_view help, double value)
{
    append_own(add({name, help, counter}), value);
}

void metric_families::add_gauge(std::string_view name, std::string_view help, double value)
{
    append_own(add({name, help, gauge}), value);
}

namespace {

/// How many series of a family are held as such: some hundred KiB with the labels of Kubernetes.
constexpr std::size_t series_at_a_time = 128;

/// A text that has grown so long gets room of its own, which the allocator takes from the system and gives back whole
/// (run_application() says from where on): the answer is put together out of such texts, and would be there twice.
constexpr std::size_t long_text_bytes = 128U << 10U;
constexpr std::size_t own_room_bytes = 1U << 20U;

/// What stands above the series is written once.
void append_text(std::string& to, prometheus::MetricFamily& family)
{
    std::vector<prometheus::MetricFamily> one(1);
    one.front().name = family.name;
    one.front().help = family.help;
    one.front().type = family.type;
    one.front().metric = std::move(family.metric);
    family.metric.clear();
    const std::string text = prometheus::TextSerializer().Serialize(one);
    if (to.size() + text.size() > long_text_bytes && to.capacity() < own_room_bytes) to.reserve(own_room_bytes);
    const std::size_t type_line = to.empty() ? std::string::npos : text.find("# TYPE ");
    to.append(text, type_line == std::string::npos ? 0 : text.find('\n', type_line) + 1);
}

}  // namespace

void metric_families::keep_small(prometheus::MetricFamily& family)
{
    if (family.metric.size() >= series_at_a_time) append_text(begun_[family.name], family);
}

void metric_families::finish_all()
{
    for (auto& family : families_) {
        const auto begun = begun_.find(family->name);
        if (begun == begun_.end() && family->metric.empty()) continue;
        std::string text;
        if (begun != begun_.end()) text = std::move(begun->second);
        if (!family->metric.empty()) append_text(text, *family);
        finished_.emplace(family->name, std::move(text));
    }
    begun_.clear();
    families_.clear();
}

std::string metric_families::take_text()
{
    finish_all();
    std::size_t size = 0;
    for (const auto& [name, text] : finished_) size += text.size();
    std::string out;
    out.reserve(size);
    while (!finished_.empty()) {
        out += finished_.begin()->second;
        finished_.erase(finished_.begin());
    }
    return out;
}

void append_series(prometheus::MetricFamily& to, const metric_labels& labels, double value,
                   std::initializer_list<extra_label> extra, std::int64_t timestamp_ms)
{
    prometheus::ClientMetric& series = to.metric.emplace_back();
    series.label.reserve(labels.size() + extra.size());
    series.label = labels;
    for (const extra_label& one : extra) {
        prometheus::ClientMetric::Label label{std::string(one.name), valid_utf8(one.value)};
        const auto place = std::upper_bound(series.label.begin(), series.label.end(), label);
        series.label.insert(place, std::move(label));
    }
    (to.type == counter ? series.counter.value : series.gauge.value) = value;
    series.timestamp_ms = timestamp_ms;
}

void append_own(prometheus::MetricFamily& to, double value, std::initializer_list<extra_label> labels)
{
    append_series(to, metric_labels(), value, labels);
}

}  // namespace nodescope::api
