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

void metric_families::finish_all()
{
    for (auto& family : families_) {
        if (family->metric.empty()) continue;
        std::vector<prometheus::MetricFamily> one;
        one.push_back(std::move(*family));
        std::string name = one.front().name;
        finished_.emplace(std::move(name), prometheus::TextSerializer().Serialize(one));
    }
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
        prometheus::ClientMetric::Label label{std::string(one.name), label_value(one.value)};
        const auto place = std::upper_bound(series.label.begin(), series.label.end(), label);
        series.label.insert(place, std::move(label));
    }
    (to.type == counter ? series.counter.value : series.gauge.value) = value;
    series.timestamp_ms = timestamp_ms;
}

std::string label_value(std::string_view bytes)
{
    if (is_valid_utf8(bytes)) return std::string(bytes);
    std::string out;
    while (!bytes.empty()) {
        const std::size_t length = utf8_character_length(bytes);
        if (length == 0) out += "\xef\xbf\xbd";
        else out += bytes.substr(0, length);
        bytes.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace nodescope::api
