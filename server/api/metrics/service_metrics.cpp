#include "server/api/metrics/service_metrics.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/text.hpp"
#include "core/unique_fd.hpp"

#include <array>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace nodescope::api {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

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

void add_connection_metrics(metric_families& to, const service_state& state)
{
    const http::server_statistics& server = state.server;
    to.add_gauge("nodescope_http_requests_in_flight", "Requests whose answer is being worked out.",
                 as_double(server.in_flight));
    to.add_gauge("nodescope_http_connections", "Connections that are open.", as_double(state.connections));
    to.add_counter("nodescope_http_connections_total", "Connections accepted and served.",
                   as_double(server.connections));
    to.add_counter("nodescope_http_connections_refused_total", "Connections closed because a limit was reached.",
                   as_double(server.connections_refused));
    to.add_counter("nodescope_http_accept_pauses_total", "Times there was no descriptor or memory for a connection.",
                   as_double(server.accept_pauses));
    to.add_counter("nodescope_http_handshakes_failed_total", "Connections closed in their TLS handshake.",
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
    to.add_gauge("nodescope_workers_busy", "Reads of the kernel under way.", as_double(state.workers_busy));
    to.add_gauge("nodescope_workers_abandoned", "Reads of the kernel that hang: nobody waits for them any more.",
                 as_double(state.workers_abandoned));
    to.add_gauge("nodescope_helpers", "Helper programs (iptables-save) that exist.", as_double(state.helpers));
    to.add_gauge("nodescope_helpers_hanging", "Helper programs that were killed and do not end.",
                 as_double(state.helpers_hanging));
    to.add_counter("nodescope_process_readers_killed_total",
                   "Times that reading the command line of a process hung, and the reader was killed for it.",
                   as_double(state.readers_killed));
    to.add_counter("nodescope_process_list_unread_total", "Command lines missing in process lists.",
                   as_double(state.processes.unread));
    to.add_counter("nodescope_process_list_left_out_total", "Processes for which a process list had no room.",
                   as_double(state.processes.left_out));
    to.add_counter("nodescope_oom_messages_dropped_total",
                   "Out-of-memory kills in the kernel's log that no cgroup's counter showed.",
                   as_double(state.kills_not_counted));
    MetricFamily& left_out =
        to.add({"nodescope_left_out_total", "Things for which there was no room in their budget of bytes.", counter});
    append_own(left_out, as_double(state.left_out.docker_strings), {{"what", "docker_strings"}});
    append_own(left_out, as_double(state.left_out.container_texts), {{"what", "container_texts"}});
    append_own(left_out, as_double(state.left_out.samples), {{"what", "samples"}});
    append_own(left_out, as_double(state.left_out.events), {{"what", "events"}});
    append_own(left_out, as_double(state.left_out.ends), {{"what", "ends"}});
    append_own(left_out, as_double(state.left_out.application_figures), {{"what", "application_figures"}});
    append_own(left_out, as_double(state.left_out.request_bodies), {{"what", "request_bodies"}});
    append_own(left_out, as_double(state.left_out.answers), {{"what", "answers"}});
    to.add_gauge("nodescope_cgroups_unwatched",
                 "1 while there are no inotify watches left for cgroups: every question looks at the whole tree.",
                 state.cgroups_unwatched ? 1 : 0);
}

/// Of a text about ourselves in /proc: many times what they have.
constexpr std::size_t own_text_limit = 64U << 10U;

std::size_t open_descriptors()
{
    unique_fd directory(::open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    std::size_t count = 0;
    struct stat described {};
    if (directory && ::fstat(directory.get(), &described) == 0 && described.st_size > 0) {
        // Since Linux 6.2 (proc: report open files as size in stat() for /proc/pid/fd).
        count = static_cast<std::size_t>(described.st_size);
    } else {
        files::directory entries(std::move(directory));
        while (entries && entries.next() != nullptr) ++count;
    }
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
    const metric_labels labels{{"boot_id", valid_utf8(node.boot_id)},
                               {"machine_id", valid_utf8(node.machine_id)},
                               {"system_uuid", valid_utf8(node.system_uuid)}};
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
    const auto stat_text = files::read_file({"/", "/proc/self/stat"}, own_text_limit);
    const auto status_text = files::read_file({"/", "/proc/self/status"}, own_text_limit);
    const auto clock = host::blocking_read_clock("/");
    const auto stat = host::parse_process_stat(stat_text ? std::string_view(stat_text->text) : std::string_view());
    const auto status =
        host::parse_process_status(status_text ? std::string_view(status_text->text) : std::string_view());
    if (stat && status && clock) {
        const auto seconds = [&](std::uint64_t ticks) { return as_double(ticks) / as_double(clock->ticks_per_second); };
        to.add_counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                       seconds(stat->user_ticks + stat->system_ticks));
        to.add_gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
                     static_cast<double>(clock->boot_seconds) + seconds(stat->start_ticks));
        to.add_gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", as_double(status->vms_bytes));
        to.add_gauge("process_resident_memory_bytes", "Resident memory size in bytes.", as_double(status->rss_bytes));
    }
    to.add_gauge("process_open_fds", "Number of open file descriptors.", as_double(open_descriptors()));
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        to.add_gauge("process_max_fds", "Maximum number of open file descriptors.", as_double(descriptors.rlim_cur));
    }
}

void add_scrape_errors(metric_families& to, bool containers, bool machine)
{
    to.add_gauge("container_scrape_error", "1 if there was an error while getting container metrics, 0 otherwise",
                 containers ? 1 : 0);
    to.add_gauge("machine_scrape_error", "1 if there was an error while getting machine metrics, 0 otherwise.",
                 machine ? 1 : 0);
}

}  // namespace nodescope::api
