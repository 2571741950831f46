#include "server/api/metrics/container_metrics.hpp"

#include "core/ascii.hpp"
#include "core/byte_budget.hpp"
#include "core/text.hpp"
#include "server/api/cadvisor/fitting.hpp"
#include "server/api/metrics/container_scrape.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

using cadvisor::container_spec;
using cadvisor::container_view;
using prometheus::MetricFamily;

/// What the value, the time, the name and the punctuation of a series take, and the punctuation of a label.
constexpr std::size_t value_bytes = 48;
constexpr std::size_t family_name_bytes = 40;
constexpr std::size_t label_punctuation_bytes = 4;

std::int64_t milliseconds_of(cadvisor::time_point when) noexcept
{
    return std::chrono::floor<std::chrono::milliseconds>(when).time_since_epoch().count();
}

/// "com.example.tier" to "container_label_com_example_tier".
std::string label_name(std::string_view prefix, std::string_view key)
{
    std::string out(prefix);
    for (const char c : key) out += is_alphanumeric(c) ? c : '_';
    return out;
}

using named_values = std::map<std::string, std::string>;

/// The labels and variables of a container under the names that Prometheus takes. Of two that become the same the first
/// by name stays.
named_values label_values_of(const container_spec& spec, const container_metric_options& options)
{
    const auto is_wanted = [&](const std::string& key) {
        return options.labels == label_choice::all || options.labels == label_choice::own ||
               std::find(options.wanted_labels.begin(), options.wanted_labels.end(), key) !=
                   options.wanted_labels.end();
    };
    named_values out;
    for (const auto& [key, value] : spec.labels) {
        if (is_wanted(key)) out.emplace(label_name("container_label_", key), valid_utf8(value));
    }
    // Variables are listed by whoever set the service up: they are wanted.
    for (const auto& [key, value] : spec.envs) out.emplace(label_name("container_env_", key), valid_utf8(value));
    return out;
}

/// The labels that every container has: those of its pod as the kubelet does (pkg/kubelet/server/server.go,
/// containerPrometheusLabelsFunc).
std::vector<extra_label> usual_labels(const container_view& container, label_choice choice)
{
    const container_spec& spec = *container.spec;
    std::vector<extra_label> out{{"id", container.name},
                                 {"image", spec.image},
                                 {"name", spec.aliases.empty() ? std::string_view() : spec.aliases.front()}};
    if (choice != label_choice::kubernetes) return out;
    static const pod_of_container nobodys;
    const pod_of_container& pod = container.pod ? *container.pod : nobodys;
    out.push_back({"namespace", pod.name_space});
    out.push_back({"pod", pod.name});
    // The cgroup of a pod is none of its containers.
    out.push_back({"container", container.is_container ? std::string_view(pod.container) : std::string_view()});
    return out;
}

metric_labels labels_of(const container_view& container, label_choice choice, named_values values)
{
    for (const extra_label& one : usual_labels(container, choice)) values.emplace(one.name, valid_utf8(one.value));
    metric_labels out;
    out.reserve(values.size());
    for (auto& [name, value] : values) out.push_back({name, std::move(value)});
    return out;
}

/// As text.
std::size_t bytes_of(std::string_view name, std::string_view value)
{
    const auto escaped =
        std::count_if(value.begin(), value.end(), [](char c) { return c == '"' || c == '\\' || c == '\n'; });
    return name.size() + value.size() + static_cast<std::size_t>(escaped) + label_punctuation_bytes;
}

/// Of all series of a container, without the labels that the runtime gives it.
std::size_t bytes_without_labels(const container_view& one, label_choice choice)
{
    std::size_t bytes = value_bytes + family_name_bytes;
    for (const extra_label& label : usual_labels(one, choice)) bytes += bytes_of(label.name, label.value);
    return series_of(one) * bytes;
}

/// How many containers have a label, and what it takes in all their series.
struct label_cost {
    std::size_t containers = 0;
    std::size_t series = 0;
    std::size_t bytes = 0;
};

/// The labels of all containers while it is found out which there is room for.
struct label_table {
    label_table() = default;
    std::vector<named_values> values;  ///< of each container
    std::vector<std::size_t> series;   ///< of each container
    label_choice choice = label_choice::all;
    bool on_every_container = false;
    std::size_t left_out = 0;  ///< names
};

std::map<std::string_view, label_cost> costs_of(const label_table& table)
{
    std::map<std::string_view, label_cost> costs;
    for (std::size_t at = 0; at < table.values.size(); ++at) {
        for (const auto& [name, value] : table.values[at]) {
            label_cost& cost = costs[name];
            ++cost.containers;
            cost.series += table.series[at];
            cost.bytes += bytes_of(name, value) * table.series[at];
        }
    }
    return costs;
}

/// The names that every container is to have, with empty values. Takes out the labels that there is no room for: those
/// that the fewest containers have, so that nobody's invention costs the others theirs.
named_values keep_affordable(label_table& table, std::size_t limit_bytes)
{
    const std::map<std::string_view, label_cost> costs = costs_of(table);
    std::vector<std::pair<std::string_view, label_cost>> by_use(costs.begin(), costs.end());
    std::stable_sort(by_use.begin(), by_use.end(),
                     [](const auto& a, const auto& b) { return a.second.containers > b.second.containers; });
    const std::size_t all_series = std::accumulate(table.series.begin(), table.series.end(), std::size_t{0});
    named_values kept;
    byte_budget room(limit_bytes);
    for (const auto& [name, cost] : by_use) {
        const std::size_t without = table.on_every_container ? (all_series - cost.series) * bytes_of(name, "") : 0;
        if (room.charge(cost.bytes + without)) kept.emplace(name, std::string());
    }
    table.left_out = room.left_out();
    if (table.left_out == 0) return kept;
    for (named_values& one : table.values) {
        std::erase_if(one, [&](const auto& label) { return !kept.contains(label.first); });
    }
    return kept;
}

scrape scrape_of(const container_views& found, label_table& table, std::size_t label_bytes, bool timestamps,
                 scrape_room& room)
{
    const named_values all = keep_affordable(table, label_bytes);
    scrape out;
    out.reserve(found.size());
    for (std::size_t at = 0; at < found.size(); ++at) {
        if (table.on_every_container) table.values[at].insert(all.begin(), all.end());
        scraped_container& one = out.emplace_back();
        one.container = &found[at];
        one.labels = rendered_labels(labels_of(found[at], table.choice, std::move(table.values[at])));
        one.room = &room;
        if (found[at].samples.empty()) continue;
        one.newest = &found[at].samples.back();
        if (timestamps) one.timestamp_ms = milliseconds_of(one.newest->timestamp);
    }
    return out;
}

std::uint64_t interfaces_left_out(const scrape& measured)
{
    std::uint64_t count = 0;
    for (const scraped_container& one : measured) {
        if (one.newest->network) count += one.newest->network->interfaces_left_out;
    }
    return count;
}

/// How much is missing in this answer.
void add_left_out(metric_families& to, std::size_t containers, std::uint64_t series, std::uint64_t interfaces,
                  const wiring* wired)
{
    MetricFamily& family = to.add({"nodescope_scrape_left_out", "What there was no room for in this answer.", gauge});
    append_own(family, as_double(containers), {{"what", "containers"}});
    append_own(family, as_double(series), {{"what", "series"}});
    append_own(family, as_double(interfaces), {{"what", "interfaces"}});
    if (wired != nullptr) append_own(family, as_double(wired->figures.left_out), {{"what", "networks"}});
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
        if (spec.creation_time) append_at(creation, one, seconds_of(*spec.creation_time), 0);
        if (started) append_at(start, one, seconds_of(*started), 0);
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
        append_at(period, one, as_double(limits.cpu_period), 0);
        if (limits.cpu_quota) append_at(quota, one, as_double(*limits.cpu_quota), 0);
        append_at(shares, one, as_double(limits.cpu_shares), 0);
    }
}

/// No limit is 0, as cAdvisor has it.
double memory_limit(std::uint64_t limit) noexcept
{
    return limit > host::cgroup_limits::largest_memory ? 0 : as_double(limit);
}

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
        append_at(limit, one, memory_limit(limits.memory_limit), 0);
        append_at(reservation, one, memory_limit(limits.memory_reservation), 0);
        append_at(swap, one, memory_limit(limits.swap_limit), 0);
    }
}

double health_value(std::string_view status) noexcept
{
    if (status.empty()) return -1;
    return status == "healthy" ? 1 : 0;
}

void add_state(metric_families& to, const scrape& all, const series_choice& chosen, cadvisor::time_point now)
{
    MetricFamily& seen = to.add({"container_last_seen", "Last time a container was seen by the exporter", gauge});
    MetricFamily& health = to.add({"container_health_state", "The result of the container's health check", gauge});
    MetricFamily& oom =
        to.add({"container_oom_events_total", "Count of out of memory events observed for the container", counter});
    for (const scraped_container& one : all) {
        append_at(seen, one, seconds_of(now), one.timestamp_ms == 0 ? 0 : milliseconds_of(now));
        append(health, one, health_value(one.container->spec->health));
        if (one.container->oom_events && chosen.shows(metric_group::oom_event))
            append(oom, one, as_double(*one.container->oom_events));
    }
}

}  // namespace

double seconds_of(cadvisor::time_point when) noexcept
{
    return static_cast<double>(std::chrono::floor<std::chrono::seconds>(when).time_since_epoch().count());
}

scrape those_with(const scrape& all, const std::function<bool(const scraped_container&)>& wanted)
{
    scrape out;
    std::copy_if(all.begin(), all.end(), std::back_inserter(out), wanted);
    return out;
}

void append(MetricFamily& to, const scraped_container& of, double value, std::initializer_list<extra_label> extra)
{
    append_at(to, of, value, of.timestamp_ms, extra);
}

void append_at(MetricFamily& to, const scraped_container& of, double value, std::int64_t timestamp_ms,
               std::initializer_list<extra_label> extra)
{
    std::size_t bytes = to.name.size() + of.labels.text().size() + value_bytes;
    for (const extra_label& one : extra) bytes += bytes_of(one.name, one.value);
    if (!of.room->bytes.charge(bytes)) return;
    of.room->to.write_series(to, of.labels, value, extra, timestamp_ms);
}

void add_container_metrics(metric_families& to, container_views found, const cadvisor::ended_list& ended,
                           const container_metric_options& options, const device_naming& devices,
                           cadvisor::time_point now, std::size_t limit_bytes, const wiring* wired)
{
    const series_choice& chosen = options.chosen;
    std::erase_if(found, [&chosen](const container_view& one) { return !chosen.shows_container(one); });
    // A third at least is for labels of the runtime, which are worth less than the containers themselves.
    const auto cost = [choice = options.labels](const container_view& one) {
        return bytes_without_labels(one, choice);
    };
    const std::size_t containers_left_out = keep_fitting(found, cost, limit_bytes - limit_bytes / 3);
    std::size_t label_room = limit_bytes;
    label_table table;
    table.choice = options.labels;
    table.on_every_container = options.labels != label_choice::own;
    table.values.reserve(found.size());
    table.series.reserve(found.size());
    for (const container_view& one : found) {
        table.values.push_back(label_values_of(*one.spec, options));
        table.series.push_back(series_of(one));
        label_room -= cost(one);
    }
    scrape_room room(to, limit_bytes);
    const scrape all = scrape_of(found, table, label_room, options.timestamps, room);
    if (table.left_out > 0) {
        MetricFamily& labels = to.add(
            {"nodescope_container_labels_left_out", "Docker labels that there was no room for in this answer.", gauge});
        append_series(labels, {}, as_double(table.left_out));
    }
    device_names names(devices);
    add_times(to, all);
    add_cpu_spec(to, all);
    add_memory_spec(to, all);
    const scrape measured = those_with(all, [](const scraped_container& one) { return one.newest != nullptr; });
    add_state(to, measured, chosen, now);
    add_restart_metrics(to, measured, chosen.shows(metric_group::ends) ? ended : cadvisor::ended_list(), room);
    to.finish_all();
    add_usage_metrics(to, measured, chosen, options.processors_together || options.labels == label_choice::kubernetes);
    add_disk_metrics(to, measured, chosen, names);
    if (wired != nullptr && chosen.shows(metric_group::network)) {
        add_node_interface_metrics(to, measured, *wired, chosen);
        add_network_figures(to, measured, *wired);
    }
    if (chosen.shows(metric_group::app)) add_application_metrics(to, measured);
    add_left_out(to, containers_left_out, room.bytes.left_out(), interfaces_left_out(measured), wired);
}

}  // namespace nodescope::api
