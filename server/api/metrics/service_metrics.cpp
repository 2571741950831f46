#include "server/api/metrics/service_metrics.hpp"

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace nodescope::api {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

/// A series without any label but these.
void append_own(MetricFamily& to, double value, std::initializer_list<extra_label> labels = {})
{
    append_series(to, metric_labels(), value, labels);
}

constexpr std::array<std::string_view, http::outcome_count> outcome_names{"answered", "refused", "failed", "abandoned"};

/// What stands in the label for what met no route.
constexpr std::string_view no_route = "none";

/// Rows of the same path (GET and POST) are one.
std::map<std::string, http::route_statistics> by_route(const std::vector<http::route_statistics>& rows)
{
    std::map<std::string, http::route_statistics> out;
    for (const http::route_statistics& row : rows) {
        http::route_statistics& sum = out[row.path.empty() ? std::string(no_route) : row.path];
        for (std::size_t at = 0; at < row.by_outcome.size(); ++at) sum.by_outcome.at(at) += row.by_outcome.at(at);
        for (std::size_t at = 0; at < row.by_duration.size(); ++at) sum.by_duration.at(at) += row.by_duration.at(at);
        sum.total_duration += row.total_duration;
    }
    return out;
}

void append_durations(MetricFamily& to, const std::string& route, const http::route_statistics& counts)
{
    using seconds = std::chrono::duration<double>;
    ClientMetric& series = to.metric.emplace_back();
    series.label.push_back({"route", route});
    ClientMetric::Histogram& histogram = series.histogram;
    std::uint64_t below = 0;
    for (std::size_t at = 0; at < counts.by_duration.size(); ++at) {
        below += counts.by_duration.at(at);
        const bool is_last = at == http::route_statistics::duration_bounds.size();
        const double bound = is_last ? std::numeric_limits<double>::infinity()
                                     : seconds(http::route_statistics::duration_bounds.at(at)).count();
        histogram.bucket.push_back({below, bound});
    }
    histogram.sample_count = below;
    histogram.sample_sum = seconds(counts.total_duration).count();
}

void add_route_metrics(metric_families& to, const http::server_statistics& server)
{
    MetricFamily& requests =
        to.add({"nodescope_http_requests_total", "Requests by route and how they ended.", counter});
    MetricFamily& durations =
        to.add({"nodescope_http_request_duration_seconds",
                "Time from the first byte of a request to its answer's last.", prometheus::MetricType::Histogram});
    for (const auto& [route, counts] : by_route(server.routes)) {
        for (std::size_t at = 0; at < outcome_names.size(); ++at) {
            append_own(requests, as_double(counts.by_outcome.at(at)),
                       {{"outcome", outcome_names.at(at)}, {"route", route}});
        }
        append_durations(durations, route, counts);
    }
}

void add_value(metric_families& to, const metric_kind& kind, double value) { append_own(to.add(kind), value); }

void add_connection_metrics(metric_families& to, const service_state& state)
{
    const http::server_statistics& server = state.server;
    add_value(to, {"nodescope_http_requests_in_flight", "Requests whose answer is being worked out.", gauge},
              as_double(server.in_flight));
    add_value(to, {"nodescope_http_connections", "Connections that are open.", gauge}, as_double(state.connections));
    add_value(to, {"nodescope_http_connections_total", "Connections accepted and served.", counter},
              as_double(server.connections));
    add_value(to,
              {"nodescope_http_connections_refused_total", "Connections closed at once: a limit was reached.", counter},
              as_double(server.connections_refused));
    add_value(
        to,
        {"nodescope_http_accept_pauses_total", "Times there was no descriptor or memory for a connection.", counter},
        as_double(server.accept_pauses));
    add_value(to, {"nodescope_http_handshakes_failed_total", "Connections closed in their TLS handshake.", counter},
              as_double(server.handshakes_failed));
}

void add_backend_metrics(metric_families& to, const service_state& state)
{
    MetricFamily& up = to.add({"nodescope_backend_up", "Whether the last call of the backend was answered.", gauge});
    MetricFamily& calls = to.add({"nodescope_backend_calls_total", "Calls of the backend that ended.", counter});
    MetricFamily& failures =
        to.add({"nodescope_backend_failures_total", "Calls that the backend did not answer.", counter});
    MetricFamily& misses =
        to.add({"nodescope_backend_deadline_misses_total", "Calls that passed their deadline.", counter});
    for (const backend_state& one : state.backends) {
        const backend_statistics& counts = one.statistics;
        if (counts.up) append_own(up, *counts.up ? 1 : 0, {{"backend", one.name}});
        append_own(calls, as_double(counts.calls), {{"backend", one.name}});
        append_own(failures, as_double(counts.failures), {{"backend", one.name}});
        append_own(misses, as_double(counts.deadline_misses), {{"backend", one.name}});
    }
    // Reads of the kernel: netlink, /proc, cgroups, statfs.
    append_own(misses, as_double(state.worker_deadline_misses), {{"backend", "kernel"}});
    add_value(to, {"nodescope_workers_busy", "Reads of the kernel under way.", gauge}, as_double(state.workers_busy));
    add_value(to,
              {"nodescope_workers_abandoned", "Reads of the kernel that hang: nobody waits for them any more.", gauge},
              as_double(state.workers_abandoned));
}

/// The fields behind "(comm)" of /proc/self/stat, the third first.
std::vector<std::uint64_t> stat_fields()
{
    std::ifstream in("/proc/self/stat");
    const std::string text(std::istreambuf_iterator<char>(in), {});
    std::vector<std::uint64_t> out;
    const std::size_t end = text.rfind(')');
    if (end == std::string::npos) return out;
    const char* at = text.data() + end + 1;
    const char* const stop = text.data() + text.size();
    while (at < stop) {
        while (at < stop && *at == ' ') ++at;
        std::uint64_t value = 0;
        const auto read = std::from_chars(at, stop, value);
        out.push_back(read.ec == std::errc{} ? value : 0);
        while (at < stop && *at != ' ') ++at;
    }
    return out;
}

/// Seconds since 1970; 0 when it is not told.
double boot_time()
{
    std::ifstream in("/proc/stat");
    std::string word;
    double value = 0;
    while (in >> word) {
        if (word == "btime" && in >> value) return value;
    }
    return 0;
}

std::size_t open_descriptors()
{
    std::error_code failed;
    std::filesystem::directory_iterator entries("/proc/self/fd", failed);
    std::size_t count = 0;
    for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) ++count;
    // The directory itself is open while it is read.
    return count > 0 ? count - 1 : 0;
}

}  // namespace

void add_service_metrics(metric_families& to, const service_state& state)
{
    append_own(to.add({"nodescope_build_info", "A constant 1 labeled by the version.", gauge}), 1,
               {{"version", NODESCOPE_VERSION}});
    add_route_metrics(to, state.server);
    add_connection_metrics(to, state);
    add_backend_metrics(to, state);
    add_access_metrics(to, state.access);
    MetricFamily& reloads =
        to.add({"nodescope_configuration_reloads_total", "Times that SIGHUP had the configuration read.", counter});
    append_own(reloads, as_double(state.configuration_reloads), {{"outcome", "taken_over"}});
    append_own(reloads, as_double(state.configuration_reload_failures), {{"outcome", "failed"}});
}

void add_version_metric(metric_families& to, const host::node_facts& node, const cadvisor::engine_versions& engine,
                        std::string_view version)
{
    append_own(to.add({"cadvisor_version_info",
                       "A metric with a constant '1' value labeled by kernel version, OS version, docker version, "
                       "cadvisor version & cadvisor revision.",
                       gauge}),
               1,
               {{"cadvisorRevision", ""},
                {"cadvisorVersion", version},
                {"dockerVersion", engine.engine},
                {"kernelVersion", node.kernel_version},
                {"osVersion", node.os_name}});
}

void add_machine_metrics(metric_families& to, const host::node_facts& node)
{
    const metric_labels labels{{"boot_id", label_value(node.boot_id)},
                               {"machine_id", label_value(node.machine_id)},
                               {"system_uuid", label_value(node.system_uuid)}};
    const auto add = [&](std::string_view name, std::string_view help, double value) {
        append_series(to.add({name, help, gauge}), labels, value);
    };
    add("machine_cpu_cores", "Number of logical CPU cores.", as_double(node.cores));
    add("machine_cpu_physical_cores", "Number of physical CPU cores.", as_double(node.physical_cores));
    add("machine_cpu_sockets", "Number of CPU sockets.", as_double(node.sockets));
    add("machine_memory_bytes", "Amount of memory installed on the machine.", as_double(node.memory));
    add("machine_swap_bytes", "Amount of swap memory available on the machine.", as_double(node.swap));
    MetricFamily& count = to.add(
        {"machine_dimm_count", "Number of RAM DIMM (all types memory modules) value labeled by dimm type.", gauge});
    MetricFamily& capacity =
        to.add({"machine_dimm_capacity_bytes",
                "Total RAM DIMM capacity (all types memory modules) value labeled by dimm type.", gauge});
    for (const auto& [type, modules] : node.modules) {
        append_series(count, labels, as_double(modules.count), {{"type", type}});
        append_series(capacity, labels, as_double(modules.capacity), {{"type", type}});
    }
}

void blocking_add_process_metrics(metric_families& to)
{
    // proc(5): utime 14, stime 15, starttime 22, vsize 23, rss 24; the list begins with field 3.
    constexpr std::size_t first_field = 3;
    const std::vector<std::uint64_t> fields = stat_fields();
    if (fields.size() > 24 - first_field) {
        const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
        const auto field = [&](std::size_t number) { return as_double(fields[number - first_field]); };
        add_value(to, {"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", counter},
                  (field(14) + field(15)) / ticks);
        add_value(to, {"process_start_time_seconds", "Start time of the process since unix epoch in seconds.", gauge},
                  boot_time() + field(22) / ticks);
        add_value(to, {"process_virtual_memory_bytes", "Virtual memory size in bytes.", gauge}, field(23));
        add_value(to, {"process_resident_memory_bytes", "Resident memory size in bytes.", gauge},
                  field(24) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    }
    add_value(to, {"process_open_fds", "Number of open file descriptors.", gauge}, as_double(open_descriptors()));
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        add_value(to, {"process_max_fds", "Maximum number of open file descriptors.", gauge},
                  as_double(descriptors.rlim_cur));
    }
}

void add_scrape_errors(metric_families& to, bool containers, bool machine)
{
    add_value(to,
              {"container_scrape_error", "1 if there was an error while getting container metrics, 0 otherwise", gauge},
              containers ? 1 : 0);
    add_value(to,
              {"machine_scrape_error", "1 if there was an error while getting machine metrics, 0 otherwise.", gauge},
              machine ? 1 : 0);
}

}  // namespace nodescope::api
