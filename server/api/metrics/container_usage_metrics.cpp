// CPU, memory, processes, network and pressure of containers as series.
#include "core/ascii.hpp"
#include "server/api/metrics/container_scrape.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace nodescope::api {

namespace {

using cadvisor::sample;
using host::pressure;
using host::pressures;
using prometheus::MetricFamily;

/// A family with one series per container: a member of a group of its sample, divided by what makes it the unit.
template <class Group>
struct figure {
    std::string_view name;
    std::string_view help;
    prometheus::MetricType type;
    std::uint64_t Group::*value;
    double divisor = 1;
};

template <class Group, std::size_t Count>
void add_figures(metric_families& to, const scrape& all, const std::array<figure<Group>, Count>& figures,
                 std::shared_ptr<const Group> sample::*group)
{
    for (const figure<Group>& each : figures) {
        MetricFamily& family = to.add({each.name, each.help, each.type});
        for (const scraped_container& one : all) {
            const auto& measured = one.newest->*group;
            if (measured) append(family, one, as_double((*measured).*each.value) / each.divisor);
        }
        to.finish_all();
    }
}

constexpr std::array<figure<host::cpu_usage>, 2> cpu_figures{{
    {"container_cpu_system_seconds_total", "Cumulative system cpu time consumed in seconds.", counter,
     &host::cpu_usage::system, nanoseconds_per_second},
    {"container_cpu_user_seconds_total", "Cumulative user cpu time consumed in seconds.", counter,
     &host::cpu_usage::user, nanoseconds_per_second},
}};

/// Only where there is a quota to run into.
constexpr std::array<figure<host::cpu_usage>, 5> quota_figures{{
    {"container_cpu_cfs_periods_total", "Number of elapsed enforcement period intervals.", counter,
     &host::cpu_usage::periods},
    {"container_cpu_cfs_throttled_periods_total", "Number of throttled period intervals.", counter,
     &host::cpu_usage::throttled_periods},
    {"container_cpu_cfs_throttled_seconds_total", "Total time duration the container has been throttled.", counter,
     &host::cpu_usage::throttled_time, nanoseconds_per_second},
    {"container_cpu_cfs_burst_periods_total", "Number of periods when burst occurs.", counter,
     &host::cpu_usage::burst_periods},
    {"container_cpu_cfs_burst_seconds_total", "Total time duration the container has been bursted.", counter,
     &host::cpu_usage::burst_time, nanoseconds_per_second},
}};

constexpr std::array<figure<host::memory_usage>, 19> memory_figures{{
    {"container_memory_cache", "Number of bytes of page cache memory.", gauge, &host::memory_usage::cache},
    {"container_memory_rss", "Size of RSS in bytes.", gauge, &host::memory_usage::rss},
    {"container_memory_mapped_file", "Size of memory mapped files in bytes.", gauge, &host::memory_usage::mapped_file},
    {"container_memory_swap", "Container swap usage in bytes.", gauge, &host::memory_usage::swap},
    {"container_memory_failcnt", "Number of memory usage hits limits", counter, &host::memory_usage::fail_count},
    {"container_memory_usage_bytes",
     "Current memory usage in bytes, including all memory regardless of when it was accessed", gauge,
     &host::memory_usage::usage},
    {"container_memory_max_usage_bytes", "Maximum memory usage recorded in bytes", gauge,
     &host::memory_usage::max_usage},
    {"container_memory_working_set_bytes", "Current working set in bytes.", gauge, &host::memory_usage::working_set},
    {"container_memory_kernel_usage", "Size of kernel memory allocated in bytes.", gauge, &host::memory_usage::kernel},
    {"container_memory_total_active_file_bytes", "Current total active file in bytes.", gauge,
     &host::memory_usage::active_file},
    {"container_memory_total_inactive_file_bytes", "Current total inactive file in bytes.", gauge,
     &host::memory_usage::inactive_file},
    {"container_memory_file_dirty_bytes", "Page cache that is to be written back, in bytes.", gauge,
     &host::memory_usage::file_dirty},
    {"container_memory_file_writeback_bytes", "Page cache that is being written back, in bytes.", gauge,
     &host::memory_usage::file_writeback},
    {"container_memory_pgscan_total", "Cumulative count of pages scanned for reclaim.", counter,
     &host::memory_usage::pages_scanned},
    {"container_memory_pgsteal_total", "Cumulative count of pages reclaimed.", counter,
     &host::memory_usage::pages_stolen},
    {"container_memory_workingset_refault_file_total", "Cumulative count of refaults of file pages.", counter,
     &host::memory_usage::refaults_file},
    {"container_memory_workingset_refault_anon_total", "Cumulative count of refaults of anonymous pages.", counter,
     &host::memory_usage::refaults_anon},
    {"container_memory_events_high_total", "Cumulative count of throttlings above the high limit.", counter,
     &host::memory_usage::high_events},
    {"container_memory_events_max_total", "Cumulative count of hits of the memory limit.", counter,
     &host::memory_usage::max_events},
}};

/// Where the kernel counts them.
constexpr std::array<figure<host::memory_usage>, 4> memory_event_figures{{
    {"container_memory_events_low_total", "Cumulative count of reclaims below the low limit.", counter,
     &host::memory_usage::low_events},
    {"container_memory_events_oom_total", "Cumulative count of times when there was no memory for the container.",
     counter, &host::memory_usage::oom_events},
    {"container_memory_events_oom_kill_total", "Cumulative count of processes killed because memory ran out.", counter,
     &host::memory_usage::oom_kill_events},
    {"container_memory_events_oom_group_kill_total",
     "Cumulative count of times when all processes were killed together because memory ran out.", counter,
     &host::memory_usage::oom_group_kill_events},
}};
constexpr std::array<figure<host::memory_usage>, 3> swap_event_figures{{
    {"container_memory_swap_events_high_total", "Cumulative count of throttlings above the high limit of swap.",
     counter, &host::memory_usage::swap_high_events},
    {"container_memory_swap_events_max_total", "Cumulative count of hits of the swap limit.", counter,
     &host::memory_usage::swap_max_events},
    {"container_memory_swap_events_fail_total", "Cumulative count of times when there was no swap for the container.",
     counter, &host::memory_usage::swap_fail_events},
}};

using processes = host::process_usage;
constexpr std::array<figure<processes>, 2> process_figures{{
    {"container_threads", "Number of threads running inside the container", gauge, &processes::threads_current},
    {"container_threads_max", "Maximum number of threads allowed inside the container, infinity if value is zero",
     gauge, &processes::threads_max},
}};

/// 0 stands for "not counted", as a running container has a process.
constexpr std::array<figure<processes>, 1> process_count_figure{{
    {"container_processes", "Number of processes running inside the container.", gauge, &processes::process_count},
}};

/// 0 stands for "not counted" here too: every container has a descriptor.
constexpr std::array<figure<processes>, 2> descriptor_figures{{
    {"container_file_descriptors", "Number of open file descriptors for the container.", gauge, &processes::fd_count},
    {"container_sockets", "Number of open sockets for the container.", gauge, &processes::socket_count},
}};

void add_cpu(metric_families& to, const scrape& all, bool processors_together)
{
    MetricFamily& usage =
        to.add({"container_cpu_usage_seconds_total", "Cumulative cpu time consumed in seconds.", counter});
    for (const scraped_container& one : all) {
        if (!one.newest->cpu) continue;
        const host::cpu_usage& cpu = *one.newest->cpu;
        const bool together = processors_together || cpu.per_cpu.empty();
        if (together && cpu.total > 0) {
            append(usage, one, as_double(cpu.total) / nanoseconds_per_second, {{"cpu", "total"}});
        }
        if (together) continue;
        for (std::size_t at = 0; at < cpu.per_cpu.size(); ++at) {
            if (cpu.per_cpu[at] == 0) continue;
            const std::string name = fmt::format("cpu{:02}", at);
            append(usage, one, as_double(cpu.per_cpu[at]) / nanoseconds_per_second, {{"cpu", name}});
        }
    }
    add_figures(to, all, cpu_figures, &sample::cpu);
    const scrape limited =
        those_with(all, [](const scraped_container& one) { return one.container->spec->limits.cpu_quota.has_value(); });
    add_figures(to, limited, quota_figures, &sample::cpu);
}

void add_memory(metric_families& to, const scrape& all)
{
    add_figures(to, all, memory_figures, &sample::memory);
    const auto counts = [&](bool host::memory_usage::*what) {
        return those_with(
            all, [what](const scraped_container& one) { return one.newest->memory && (*one.newest->memory).*what; });
    };
    add_figures(to, counts(&host::memory_usage::has_events), memory_event_figures, &sample::memory);
    add_figures(to, counts(&host::memory_usage::has_swap_events), swap_event_figures, &sample::memory);
    MetricFamily& failures =
        to.add({"container_memory_failures_total", "Cumulative count of memory allocation failures.", counter});
    for (const scraped_container& one : all) {
        if (!one.newest->memory) continue;
        const host::memory_usage& measured = *one.newest->memory;
        for (const std::string_view scope : {"container", "hierarchy"}) {
            append(failures, one, as_double(measured.page_faults), {{"failure_type", "pgfault"}, {"scope", scope}});
            append(failures, one, as_double(measured.major_page_faults),
                   {{"failure_type", "pgmajfault"}, {"scope", scope}});
        }
    }
}

using interface = host::interface_counters;
constexpr std::array<figure<interface>, 8> interface_figures{{
    {"container_network_receive_bytes_total", "Cumulative count of bytes received", counter, &interface::rx_bytes},
    {"container_network_receive_packets_total", "Cumulative count of packets received", counter,
     &interface::rx_packets},
    {"container_network_receive_packets_dropped_total", "Cumulative count of packets dropped while receiving", counter,
     &interface::rx_dropped},
    {"container_network_receive_errors_total", "Cumulative count of errors encountered while receiving", counter,
     &interface::rx_errors},
    {"container_network_transmit_bytes_total", "Cumulative count of bytes transmitted", counter, &interface::tx_bytes},
    {"container_network_transmit_packets_total", "Cumulative count of packets transmitted", counter,
     &interface::tx_packets},
    {"container_network_transmit_packets_dropped_total", "Cumulative count of packets dropped while transmitting",
     counter, &interface::tx_dropped},
    {"container_network_transmit_errors_total", "Cumulative count of errors encountered while transmitting", counter,
     &interface::tx_errors},
}};

void append_states(MetricFamily& to, const scraped_container& of, const host::tcp_states& states)
{
    for (std::size_t at = 0; at < tcp_state_names.size(); ++at) {
        append(to, of, as_double(states.by_state.at(at)), {{"tcp_state", lower_case(tcp_state_names.at(at))}});
    }
}

void append_states(MetricFamily& to, const scraped_container& of, const host::udp_counters& counters)
{
    append(to, of, as_double(counters.listen), {{"udp_state", "listen"}});
    append(to, of, as_double(counters.dropped), {{"udp_state", "dropped"}});
    append(to, of, as_double(counters.rx_queued), {{"udp_state", "rxqueued"}});
    append(to, of, as_double(counters.tx_queued), {{"udp_state", "txqueued"}});
}

void add_interfaces(metric_families& to, const scrape& with_network, const series_choice& chosen)
{
    for (const figure<interface>& each : interface_figures) {
        MetricFamily& family = to.add({each.name, each.help, each.type});
        for (const scraped_container& one : with_network) {
            for (const interface& counters : one.newest->network->interfaces) {
                if (!chosen.shows_interface(counters.name)) continue;
                append(family, one, as_double(counters.*each.value), {{"interface", counters.name}});
            }
        }
        to.finish_all();
    }
}

void add_network(metric_families& to, const scrape& all, const series_choice& chosen)
{
    const scrape with_network =
        those_with(all, [](const scraped_container& one) { return one.newest->network != nullptr; });
    if (chosen.shows(metric_group::network)) add_interfaces(to, with_network, chosen);
    const auto add_sockets = [&](std::string_view protocol, auto host::network_usage::*sockets) {
        MetricFamily& family = to.add({fmt::format("container_network_{}_usage_total", protocol),
                                       fmt::format("{} connection usage statistic for container", protocol), gauge});
        for (const scraped_container& one : with_network) {
            if (one.newest->network->sockets_counted) append_states(family, one, (*one.newest->network).*sockets);
        }
    };
    if (chosen.shows(metric_group::tcp)) {
        add_sockets("tcp", &host::network_usage::tcp);
        add_sockets("tcp6", &host::network_usage::tcp6);
    }
    if (chosen.shows(metric_group::udp)) {
        add_sockets("udp", &host::network_usage::udp);
        add_sockets("udp6", &host::network_usage::udp6);
    }
}

void add_processes(metric_families& to, const scrape& all)
{
    add_figures(to, all, process_figures, &sample::processes);
    const scrape with_processes = those_with(all, [](const scraped_container& one) {
        return one.newest->processes && one.newest->processes->process_count > 0;
    });
    add_figures(to, with_processes, process_count_figure, &sample::processes);
    const scrape with_descriptors = those_with(
        all, [](const scraped_container& one) { return one.newest->processes && one.newest->processes->fd_count > 0; });
    add_figures(to, with_descriptors, descriptor_figures, &sample::processes);
    MetricFamily& ulimits =
        to.add({"container_ulimits_soft",
                "Soft ulimit values for the container root process. Unlimited if -1, except priority and nice", gauge});
    for (const scraped_container& one : all) {
        if (!one.newest->processes || !one.newest->processes->open_files) continue;
        append(ulimits, one, static_cast<double>(one.newest->processes->open_files->soft),
               {{"ulimit", open_files_ulimit}});
    }
}

void add_pressure(metric_families& to, const scrape& all, std::string_view key, std::string_view resource,
                  pressure pressures::*of)
{
    MetricFamily& stalled =
        to.add({fmt::format("container_pressure_{}_stalled_seconds_total", key),
                fmt::format("Total time duration no tasks in the container could make progress due to {} congestion.",
                            resource),
                counter});
    MetricFamily& waiting =
        to.add({fmt::format("container_pressure_{}_waiting_seconds_total", key),
                fmt::format("Total time duration tasks in the container have waited due to {} congestion.", resource),
                counter});
    for (const scraped_container& one : all) {
        if (!one.newest->pressures) continue;
        const pressure& lines = (*one.newest->pressures).*of;
        append(stalled, one, as_double(lines.full.total) / microseconds_per_second);
        append(waiting, one, as_double(lines.some.total) / microseconds_per_second);
    }
}

}  // namespace

void add_usage_metrics(metric_families& to, const scrape& all, const series_choice& chosen, bool processors_together)
{
    if (chosen.shows(metric_group::cpu)) {
        add_cpu(to, all, processors_together || !chosen.shows(metric_group::percpu));
    }
    if (chosen.shows(metric_group::memory)) add_memory(to, all);
    to.finish_all();
    add_network(to, all, chosen);
    to.finish_all();
    if (chosen.shows(metric_group::process)) add_processes(to, all);
    if (!chosen.shows(metric_group::pressure)) return;
    add_pressure(to, all, "cpu", "CPU", &pressures::cpu);
    add_pressure(to, all, "memory", "memory", &pressures::memory);
    add_pressure(to, all, "io", "IO", &pressures::io);
}

}  // namespace nodescope::api
