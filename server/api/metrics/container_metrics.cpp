#include "server/api/metrics/container_metrics.hpp"

#include "server/api/metrics/container_scrape.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

using cadvisor::container_spec;
using cadvisor::container_view;
using prometheus::MetricFamily;

/// cAdvisor's "unlimited": limits above are shown as 0.
constexpr std::uint64_t largest_memory_limit = std::uint64_t{1} << 62U;

/// What the labels of all containers may take together. Each stands in every series of its container, about a hundred
/// of them: this much is 50 MB of an answer. Who writes an image or a pod can give it megabytes of labels.
constexpr std::size_t label_budget_bytes = 512U << 10U;

double seconds_of(cadvisor::time_point when) noexcept
{
    return static_cast<double>(std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count());
}

std::int64_t milliseconds_of(cadvisor::time_point when) noexcept
{
    return std::chrono::floor<std::chrono::milliseconds>(when).time_since_epoch().count();
}

/// "com.example.tier" to "container_label_com_example_tier".
std::string label_name(std::string_view prefix, std::string_view key)
{
    std::string out(prefix);
    for (const char c : key) {
        const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        out += kept ? c : '_';
    }
    return out;
}

using named_values = std::map<std::string, std::string>;

/// The labels and variables of a container under the names that Prometheus takes. Of two that become the same the first
/// by name stays.
named_values label_values_of(const container_spec& spec, const container_metric_options& options)
{
    const auto is_wanted = [&](const std::string& key) {
        return options.labels != label_choice::none ||
               std::find(options.wanted_labels.begin(), options.wanted_labels.end(), key) !=
                   options.wanted_labels.end();
    };
    named_values out;
    for (const auto& [key, value] : spec.labels) {
        if (is_wanted(key)) out.emplace(label_name("container_label_", key), label_value(value));
    }
    // Variables are listed by whoever set the service up: they are wanted.
    for (const auto& [key, value] : spec.envs) out.emplace(label_name("container_env_", key), label_value(value));
    return out;
}

metric_labels labels_of(const container_view& container, named_values values)
{
    const container_spec& spec = *container.spec;
    values.emplace("id", label_value(container.name));
    values.emplace("image", label_value(spec.image));
    values.emplace("name", spec.aliases.empty() ? std::string() : label_value(spec.aliases.front()));
    metric_labels out;
    out.reserve(values.size());
    for (auto& [name, value] : values) out.push_back({name, std::move(value)});
    return out;
}

/// How many containers have a label, and what it takes in one series of each.
struct label_cost {
    std::size_t containers = 0;
    std::size_t bytes = 0;
};

/// The names that every container is to have, with empty values. Takes out of `values` the labels that there is no room
/// for: those that the fewest containers have, so that nobody's invention costs the others theirs. `left_out` is how
/// many names that were.
named_values keep_affordable(std::vector<named_values>& values, bool on_every_container, std::size_t& left_out)
{
    std::map<std::string_view, label_cost> costs;
    for (const named_values& one : values) {
        for (const auto& [name, value] : one) {
            label_cost& cost = costs[name];
            ++cost.containers;
            cost.bytes += value.size() + name.size();
        }
    }
    std::vector<std::pair<std::string_view, label_cost>> by_use(costs.begin(), costs.end());
    std::stable_sort(by_use.begin(), by_use.end(),
                     [](const auto& a, const auto& b) { return a.second.containers > b.second.containers; });
    named_values kept;
    std::size_t total = 0;
    for (const auto& [name, cost] : by_use) {
        const std::size_t without = on_every_container ? (values.size() - cost.containers) * name.size() : 0;
        if (total + cost.bytes + without > label_budget_bytes) continue;
        total += cost.bytes + without;
        kept.emplace(name, std::string());
    }
    left_out = costs.size() - kept.size();
    if (left_out == 0) return kept;
    for (named_values& one : values) std::erase_if(one, [&](const auto& label) { return !kept.contains(label.first); });
    return kept;
}

scrape scrape_of(const container_views& found, const container_metric_options& options, std::size_t& left_out)
{
    std::vector<named_values> values;
    values.reserve(found.size());
    for (const container_view& one : found) values.push_back(label_values_of(*one.spec, options));
    const bool on_every_container = options.labels != label_choice::own;
    const named_values all = keep_affordable(values, on_every_container, left_out);
    scrape out;
    out.reserve(found.size());
    for (std::size_t at = 0; at < found.size(); ++at) {
        if (on_every_container) values[at].insert(all.begin(), all.end());
        scraped_container& one = out.emplace_back();
        one.container = &found[at];
        one.labels = labels_of(found[at], std::move(values[at]));
        if (found[at].samples.empty()) continue;
        one.newest = &found[at].samples.back();
        one.timestamp_ms = milliseconds_of(one.newest->timestamp);
    }
    return out;
}

void add_times(metric_families& to, const scrape& all)
{
    MetricFamily& creation = to.add(
        {"container_creation_time_seconds", "Creation time of the container since unix epoch in seconds.", gauge});
    MetricFamily& start =
        to.add({"container_start_time_seconds", "Start time of the container since unix epoch in seconds.", gauge});
    for (const scraped_container& one : all) {
        const container_spec& spec = *one.container->spec;
        const auto started = spec.start_time ? spec.start_time : spec.creation_time;
        if (spec.creation_time) append_series(creation, one.labels, seconds_of(*spec.creation_time));
        if (started) append_series(start, one.labels, seconds_of(*started));
    }
}

void add_cpu_spec(metric_families& to, const scrape& all)
{
    MetricFamily& period = to.add({"container_spec_cpu_period", "CPU period of the container.", gauge});
    MetricFamily& quota = to.add({"container_spec_cpu_quota", "CPU quota of the container.", gauge});
    MetricFamily& shares = to.add({"container_spec_cpu_shares", "CPU share of the container.", gauge});
    for (const scraped_container& one : all) {
        const host::cgroup_limits& limits = one.container->spec->limits;
        if (!limits.has_cpu) continue;
        append_series(period, one.labels, as_double(limits.cpu_period));
        if (limits.cpu_quota) append_series(quota, one.labels, as_double(*limits.cpu_quota));
        append_series(shares, one.labels, as_double(limits.cpu_shares));
    }
}

double memory_limit(std::uint64_t limit) noexcept { return limit > largest_memory_limit ? 0 : as_double(limit); }

void add_memory_spec(metric_families& to, const scrape& all)
{
    MetricFamily& limit = to.add({"container_spec_memory_limit_bytes", "Memory limit for the container.", gauge});
    MetricFamily& reservation =
        to.add({"container_spec_memory_reservation_limit_bytes", "Memory reservation limit for the container.", gauge});
    MetricFamily& swap =
        to.add({"container_spec_memory_swap_limit_bytes", "Memory swap limit for the container.", gauge});
    for (const scraped_container& one : all) {
        const host::cgroup_limits& limits = one.container->spec->limits;
        if (!limits.has_memory) continue;
        append_series(limit, one.labels, memory_limit(limits.memory_limit));
        append_series(reservation, one.labels, memory_limit(limits.memory_reservation));
        append_series(swap, one.labels, memory_limit(limits.swap_limit));
    }
}
double health_value(std::string_view status) noexcept
{
    if (status.empty()) return -1;
    return status == "healthy" ? 1 : 0;
}

void add_state(metric_families& to, const scrape& all, cadvisor::time_point now)
{
    MetricFamily& seen = to.add({"container_last_seen", "Last time a container was seen by the exporter", gauge});
    MetricFamily& health = to.add({"container_health_state", "The result of the container's health check", gauge});
    MetricFamily& oom =
        to.add({"container_oom_events_total", "Count of out of memory events observed for the container", counter});
    for (const scraped_container& one : all) {
        if (one.newest == nullptr) continue;
        append_series(seen, one.labels, seconds_of(now), {}, milliseconds_of(now));
        append(health, one, health_value(one.container->spec->health));
        append(oom, one, as_double(one.container->oom_events));
    }
}

}  // namespace

scrape measured(const scrape& all, const std::function<bool(const scraped_container&)>& wanted)
{
    scrape out;
    std::copy_if(all.begin(), all.end(), std::back_inserter(out),
                 [&](const scraped_container& one) { return one.newest != nullptr && wanted(one); });
    return out;
}

void append(MetricFamily& to, const scraped_container& of, double value, std::initializer_list<extra_label> extra)
{
    append_series(to, of.labels, value, extra, of.timestamp_ms);
}

void add_container_metrics(metric_families& to, const container_views& found, const container_metric_options& options,
                           const device_naming& devices, cadvisor::time_point now)
{
    std::size_t left_out = 0;
    const scrape all = scrape_of(found, options, left_out);
    if (left_out > 0) {
        MetricFamily& labels = to.add(
            {"nodescope_container_labels_left_out", "Docker labels that there was no room for in this answer.", gauge});
        append_series(labels, {}, static_cast<double>(left_out));
    }
    device_names names(devices);
    add_times(to, all);
    add_cpu_spec(to, all);
    add_memory_spec(to, all);
    add_state(to, all, now);
    to.finish_all();
    add_usage_metrics(to, all);
    add_disk_metrics(to, all, names);
}

}  // namespace nodescope::api
