// Figures that containers publish themselves as series, as cAdvisor has them.
#include "core/ascii.hpp"
#include "core/text.hpp"
#include "server/api/metrics/container_scrape.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

using prometheus::MetricFamily;

/// What families of ours begin with, or of whoever scrapes: an application must not pass for them.
constexpr std::array<std::string_view, 9> others_names{
    "container_", "machine_", "nodescope_", "process_", "cadvisor_", "scrape_", "go_", "kubelet_", "pod_volume_"};

/// As Prometheus takes it; a figure of a regular expression may be called anything.
std::string family_name(std::string_view name)
{
    std::string out;
    for (const char c : name) out += is_alphanumeric(c) || c == '_' || c == ':' ? c : '_';
    if (out.empty() || (out.front() >= '0' && out.front() <= '9')) out.insert(0, "_");
    return out;
}

bool is_ours(std::string_view name)
{
    return name == "up" || std::any_of(others_names.begin(), others_names.end(),
                                       [name](std::string_view one) { return name.starts_with(one); });
}

/// Its labels behind the container's, which cannot have the same names. Two of its own may become the same: the first
/// stays.
void add_own_labels(const applications::metric_value& of, rendered_labels& to)
{
    std::map<std::string, std::string> all;
    for (const auto& [name, text] : of.labels) all.emplace("app_" + family_name(name), valid_utf8(text));
    for (const auto& [name, text] : all) to.add(name, text);
}

}  // namespace

void add_application_metrics(metric_families& to, const scrape& measured)
{
    std::map<std::string, MetricFamily*> families;
    for (const scraped_container& one : measured) {
        if (!one.container->application) continue;
        for (const applications::metric_value& value : one.container->application->values) {
            const std::string name = family_name(value.name);
            if (is_ours(name)) {
                one.room->bytes.leave_out();
                continue;
            }
            MetricFamily*& family = families[name];
            if (family == nullptr) family = &to.add({name, "Custom application metric.", gauge});
            scraped_container with_labels;
            with_labels.labels = one.labels;
            add_own_labels(value, with_labels.labels);
            with_labels.room = one.room;
            append(*family, with_labels, value.is_whole ? static_cast<double>(value.whole) : value.real);
        }
    }
    to.finish_all();
}

}  // namespace nodescope::api
