#include "server/api/cadvisor/application.hpp"

#include <map>
#include <string_view>
#include <vector>

namespace nodescope::api {

namespace {

using applications::metric_value;
using values_of_name = std::vector<const metric_value*>;

/// In the order of the names, as Go writes its maps.
std::map<std::string_view, values_of_name> by_name(const applications::figures& all)
{
    std::map<std::string_view, values_of_name> sorted;
    for (const metric_value& one : all.values) sorted[one.name].push_back(&one);
    return sorted;
}

/// As cAdvisor joins them: empty for a figure of a regular expression.
std::string label_text(const metric_value& of)
{
    if (!of.is_prometheus) return {};
    std::map<std::string_view, std::string_view> all(of.labels.begin(), of.labels.end());
    all["__name__"] = of.name;
    std::string text;
    for (const auto& [name, value] : all) {
        if (!text.empty()) text += '\xff';
        text.append(name).append(1, '=').append(value);
    }
    return text;
}

void append_time_and_value(go_json& json, const metric_value& one)
{
    json.time_member("timestamp", one.when);
    if (one.is_whole) json.member_unless_empty("int_value", one.whole);
    else json.member_unless_empty("float_value", one.real);
}

}  // namespace

void append_metric_specs(go_json& json, const applications::figures& all)
{
    json.array(all.specs, [&](const applications::metric_spec& one) {
        json.object([&] {
            json.member("name", one.name);
            json.member("type", one.type);
            json.member("format", one.format);
            json.member("units", one.units);
        });
    });
}

void append_metric_values(go_json& json, const applications::figures& all)
{
    json.object([&] {
        for (const auto& [name, values] : by_name(all)) {
            json.map_key(name);
            json.array(values, [&](const metric_value* one) {
                json.object([&] {
                    json.member_unless_empty("label", label_text(*one));
                    if (!one->labels.empty()) {
                        json.object_member("labels", [&] {
                            for (const auto& [key, value] : one->labels) {
                                json.map_key(key);
                                json.value(value);
                            }
                        });
                    }
                    append_time_and_value(json, *one);
                });
            });
        }
    });
}

std::string application_metrics_of(const container_views& found, const std::string& asked_for)
{
    const applications::figures* last = nullptr;
    for (const cadvisor::container_view& one : found) last = one.application.get();
    std::string body;
    go_json json(body);
    json.object([&] {
        if (found.empty()) return;
        json.map_key(asked_for);
        json.object([&] {
            if (last == nullptr) return;
            for (const auto& [name, values] : by_name(*last)) {
                std::map<std::string, values_of_name> by_label;
                for (const metric_value* one : values) by_label[label_text(*one)].push_back(one);
                json.map_key(name);
                json.object([&] {
                    for (const auto& [label, those] : by_label) {
                        json.map_key(label);
                        json.array(those, [&](const metric_value* one) {
                            json.object([&] { append_time_and_value(json, *one); });
                        });
                    }
                });
            }
        });
    });
    return body;
}

std::size_t application_bytes(const cadvisor::container_view& one)
{
    // Keys, quotes and times are not more than the structs; an escape makes six bytes of one.
    constexpr std::size_t longest_escape = 6;
    return one.application ? longest_escape * applications::bytes_of(*one.application) : 0;
}

}  // namespace nodescope::api
