#include "server/api/metrics/metric_families.hpp"

#include "core/append_formatted.hpp"
#include "core/byte_scan.hpp"
#include "core/text.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
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

/// A text that has grown so long gets room of its own, which the allocator takes from the system and gives back whole
/// (run_application() says from where on): the answer is put together out of such texts, and would be there twice.
constexpr std::size_t long_text_bytes = 128U << 10U;
constexpr std::size_t own_room_bytes = 1U << 20U;

void make_room(std::string& in, std::size_t bytes)
{
    if (in.size() + bytes > long_text_bytes && in.capacity() < own_room_bytes) in.reserve(own_room_bytes);
}

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
    make_room(to, text.size());
    const std::size_t type_line = to.empty() ? std::string::npos : text.find("# TYPE ");
    to.append(text, type_line == std::string::npos ? 0 : text.find('\n', type_line) + 1);
}

void append_escaped(std::string& to, std::string_view value)
{
    const auto escaped = [](std::uint64_t word) {
        return byte_scan::equal(word, '\n') | byte_scan::equal(word, '\\') | byte_scan::equal(word, '"');
    };
    for (;;) {
        const std::size_t plain = byte_scan::run(value, escaped);
        to.append(value, 0, plain);
        value.remove_prefix(plain);
        if (value.empty()) return;
        to += '\\';
        to += value.front() == '\n' ? 'n' : value.front();
        value.remove_prefix(1);
    }
}

void append_label(std::string& to, std::string_view name, std::string_view value)
{
    to.append(name).append("=\"");
    append_escaped(to, value);
    to += '"';
}

void append_value(std::string& to, double value)
{
    if (std::isnan(value)) to += "NaN";
    else if (std::isinf(value)) to += value < 0 ? "-Inf" : "+Inf";
    else append_formatted(to, "{}", value);
}

}  // namespace

std::string& metric_families::begun(prometheus::MetricFamily& family)
{
    if (last_ == &family) return *text_of_last_;
    std::string& text = begun_[family.name];
    if (text.empty()) append_text(text, family);
    last_ = &family;
    text_of_last_ = &text;
    return text;
}

void metric_families::write_series(prometheus::MetricFamily& family, const rendered_labels& labels, double value,
                                   std::initializer_list<extra_label> extra, std::int64_t timestamp_ms)
{
    // Of a value, a time, an extra label and the punctuation.
    constexpr std::size_t usual_bytes = 128;
    std::string& text = begun(family);
    make_room(text, family.name.size() + labels.text().size() + usual_bytes);
    text.append(family.name).append(1, '{');
    if (extra.size() == 0) text.append(labels.text());
    else labels.append_with(text, extra);
    text += "} ";
    append_value(text, value);
    if (timestamp_ms != 0) append_formatted(text, " {}", timestamp_ms);
    text += '\n';
}

rendered_labels::rendered_labels(const metric_labels& labels)
{
    places_.reserve(labels.size());
    for (const auto& label : labels) add(label.name, label.value);
}

void rendered_labels::add(std::string_view name, std::string_view value)
{
    if (!text_.empty()) text_ += ',';
    const std::size_t begin = text_.size();
    append_label(text_, name, value);
    places_.push_back({std::string(name), begin, text_.size()});
}

void rendered_labels::append_with(std::string& to, std::initializer_list<extra_label> more) const
{
    const std::size_t begin = to.size();
    const auto separate = [&] {
        if (to.size() != begin) to += ',';
    };
    auto next = places_.begin();
    const auto append_until = [&](const auto& last) {
        for (; next != places_.end() && !last(*next); ++next) {
            separate();
            to.append(text_, next->begin, next->end - next->begin);
        }
    };
    for (const extra_label& one : more) {
        append_until([&](const place& label) { return label.name > one.name; });
        separate();
        append_label(to, one.name, valid_utf8(one.value));
    }
    append_until([](const place&) { return false; });
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
    last_ = nullptr;
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
