// Filesystems and block devices of containers as series: what the block I/O controller counts, else what the node
// counts for the filesystem's disk.
#include "core/text.hpp"
#include "server/api/metrics/container_scrape.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace nodescope::api {

namespace {

using host::io_list;
using host::io_operation;
using prometheus::MetricFamily;

struct filesystem_figure {
    std::string_view name;
    std::string_view help;
    std::uint64_t host::filesystem_usage::*value;
};

using filesystem = host::filesystem_usage;
constexpr std::array<filesystem_figure, 4> filesystem_figures{{
    {"container_fs_limit_bytes", "Number of bytes that can be consumed by the container on this filesystem.",
     &filesystem::capacity},
    {"container_fs_usage_bytes", "Number of bytes that are consumed by the container on this filesystem.",
     &filesystem::usage},
    {"container_fs_inodes_total", "Number of Inodes", &filesystem::inodes},
    {"container_fs_inodes_free", "Number of available Inodes", &filesystem::inodes_free},
}};

using disk = host::disk_counters;

/// One family of what disks do: what `list` counts of `operation` where the cgroup counts it, else `of_disk`.
struct disk_figure {
    std::string_view name;
    std::string_view help;
    io_list list;
    std::optional<io_operation> operation;
    std::uint64_t disk::*of_disk = nullptr;
};

constexpr std::array<disk_figure, 17> disk_figures{{
    {"container_fs_reads_bytes_total", "Cumulative count of bytes read", io_list::service_bytes, io_operation::read},
    {"container_fs_writes_bytes_total", "Cumulative count of bytes written", io_list::service_bytes,
     io_operation::write},
    {"container_fs_reads_total", "Cumulative count of reads completed", io_list::serviced, io_operation::read,
     &disk::reads_completed},
    {"container_fs_writes_total", "Cumulative count of writes completed", io_list::serviced, io_operation::write,
     &disk::writes_completed},
    {"container_fs_sector_reads_total", "Cumulative count of sector reads completed", io_list::sectors,
     io_operation::read, &disk::sectors_read},
    {"container_fs_sector_writes_total", "Cumulative count of sector writes completed", io_list::sectors,
     io_operation::write, &disk::sectors_written},
    {"container_fs_reads_merged_total", "Cumulative count of reads merged", io_list::merged, io_operation::read,
     &disk::reads_merged},
    {"container_fs_writes_merged_total", "Cumulative count of writes merged", io_list::merged, io_operation::write,
     &disk::writes_merged},
    {"container_fs_read_seconds_total", "Cumulative count of seconds spent reading", io_list::service_time,
     io_operation::read, &disk::read_time},
    {"container_fs_write_seconds_total", "Cumulative count of seconds spent writing", io_list::service_time,
     io_operation::write, &disk::write_time},
    {"container_fs_io_current", "Number of I/Os currently in progress", io_list::queued, io_operation::total,
     &disk::io_in_progress},
    {"container_fs_io_time_seconds_total", "Cumulative count of seconds spent doing I/Os", io_list::service_time,
     io_operation::total, &disk::io_time},
    {"container_fs_io_time_weighted_seconds_total", "Cumulative weighted I/O time in seconds", io_list::service_time,
     std::nullopt, &disk::weighted_io_time},
    {"container_fs_io_cost_usage_seconds_total", "Cumulative IOCost usage in seconds", io_list::cost_usage,
     io_operation::count},
    {"container_fs_io_cost_wait_seconds_total", "Cumulative IOCost wait in seconds", io_list::cost_wait,
     io_operation::count},
    {"container_fs_io_cost_indebt_seconds_total", "Cumulative IOCost debt in seconds", io_list::cost_indebt,
     io_operation::count},
    {"container_fs_io_cost_indelay_seconds_total", "Cumulative IOCost delay in seconds", io_list::cost_indelay,
     io_operation::count},
}};

/// How many of what a cgroup's list counts make one of what is shown: times are shown in seconds.
constexpr double counted_divisor(io_list list) noexcept
{
    switch (list) {
        case io_list::service_time: return nanoseconds_per_second;
        case io_list::cost_usage:
        case io_list::cost_wait:
        case io_list::cost_indebt:
        case io_list::cost_indelay: return microseconds_per_second;
        default: return 1;
    }
}

/// The same of a disk's counters, which have times in milliseconds.
constexpr double disk_divisor(io_list list) noexcept
{
    return list == io_list::service_time ? milliseconds_per_second : 1;
}

/// The values of one family for one container, by device.
std::map<std::string, double> disk_values(const disk_figure& each, const scraped_container& one, device_names& devices)
{
    const bool of_root = one.container->name == "/";
    std::map<std::string, double> out;
    if (one.newest->io && each.operation) {
        for (const host::io_entry& entry : *one.newest->io) {
            if (entry.list != each.list || !entry.has(*each.operation)) continue;
            const double value = as_double(entry.value.at(static_cast<std::size_t>(*each.operation)));
            out.emplace(devices.name(entry.major, entry.minor, of_root), value / counted_divisor(each.list));
        }
    }
    // A container's share of a filesystem has no disk figures of its own.
    if (one.newest->filesystems && each.of_disk != nullptr && of_root) {
        for (const host::filesystem_usage& one_of : *one.newest->filesystems) {
            out.emplace(one_of.device, as_double(one_of.disk.*each.of_disk) / disk_divisor(each.list));
        }
    }
    return out;
}

void add_filesystem_figure(metric_families& to, const scrape& all, const series_choice& chosen,
                           const filesystem_figure& each)
{
    MetricFamily& family = to.add({each.name, each.help, gauge});
    for (const scraped_container& one : all) {
        if (!one.newest->filesystems) continue;
        std::set<std::string_view> seen;
        for (const host::filesystem_usage& used : *one.newest->filesystems) {
            if (!seen.insert(used.device).second || !chosen.shows_device(used.device)) continue;
            // How many are left to a container alone nobody knows; that is not 0.
            if (each.value == &filesystem::inodes_free && one.container->name != "/") continue;
            append(family, one, as_double(used.*each.value), {{"device", used.device}});
        }
    }
}

void add_disk_figure(metric_families& to, const scrape& all, const series_choice& chosen, const disk_figure& each,
                     device_names& devices)
{
    const auto type = each.list == io_list::queued ? gauge : counter;
    MetricFamily& family = to.add({each.name, each.help, type});
    for (const scraped_container& one : all) {
        for (const auto& [device, value] : disk_values(each, one, devices)) {
            if (chosen.shows_device(device)) append(family, one, value, {{"device", device}});
        }
    }
}

void add_device_usage(metric_families& to, const scrape& all, const series_choice& chosen, device_names& devices)
{
    MetricFamily& family = to.add({"container_blkio_device_usage_total", "Blkio Device bytes usage", counter});
    for (const scraped_container& one : all) {
        if (!one.newest->io) continue;
        for (const host::io_entry& entry : *one.newest->io) {
            if (entry.list != io_list::service_bytes) continue;
            const std::string& device = devices.name(entry.major, entry.minor, one.container->name == "/");
            if (!chosen.shows_device(device)) continue;
            const std::string major = fmt::to_string(entry.major);
            const std::string minor = fmt::to_string(entry.minor);
            for (std::size_t at = 0; at < io_operation_names.size(); ++at) {
                if (!entry.has(static_cast<io_operation>(at))) continue;
                append(
                    family, one, as_double(entry.value.at(at)),
                    {{"device", device}, {"major", major}, {"minor", minor}, {"operation", io_operation_names.at(at)}});
            }
        }
    }
}

constexpr std::array<filesystem_figure, 3> volume_figures{{
    {"pod_volume_used_bytes", "Number of bytes that a volume of the pod takes on this node.", &filesystem::usage},
    {"pod_volume_capacity_bytes", "Number of bytes that the volume's filesystem, or its quota, has.",
     &filesystem::capacity},
    {"pod_volume_inodes_used", "Number of files and directories in the volume.", &filesystem::inodes},
}};

void add_volume_figure(metric_families& to, const scrape& all, const filesystem_figure& each)
{
    MetricFamily& family = to.add({each.name, each.help, gauge});
    for (const scraped_container& one : all) {
        if (!one.container->volumes) continue;
        // Whose they are is what is asked for, whichever labels the containers have.
        scraped_container of_pod;
        of_pod.labels = rendered_labels(
            {{"namespace", valid_utf8(one.container->pod->name_space)}, {"pod", valid_utf8(one.container->pod->name)}});
        of_pod.room = one.room;
        for (const filesystem& volume : *one.container->volumes) {
            if (each.value == &filesystem::inodes && !volume.has_inodes) continue;
            append(family, of_pod, as_double(volume.*each.value), {{"kind", volume.type}, {"volume", volume.device}});
        }
    }
}

}  // namespace

void add_disk_metrics(metric_families& to, const scrape& all, const series_choice& chosen, device_names& devices)
{
    if (chosen.shows(metric_group::disk)) {
        for (const filesystem_figure& each : filesystem_figures) {
            add_filesystem_figure(to, all, chosen, each);
            to.finish_all();
        }
        for (const filesystem_figure& each : volume_figures) add_volume_figure(to, all, each);
        to.finish_all();
    }
    if (!chosen.shows(metric_group::disk_io)) return;
    for (const disk_figure& each : disk_figures) {
        add_disk_figure(to, all, chosen, each, devices);
        to.finish_all();
    }
    add_device_usage(to, all, chosen, devices);
    to.finish_all();
}

}  // namespace nodescope::api
