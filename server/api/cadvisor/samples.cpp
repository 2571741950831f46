#include "server/api/cadvisor/samples.hpp"

#include "server/api/cadvisor/application.hpp"
#include "server/api/cadvisor/fitting.hpp"
#include "server/api/cadvisor/go_json.hpp"
#include "server/api/cadvisor/groups.hpp"
#include "server/api/cadvisor/spec.hpp"

#include <array>
#include <string_view>

namespace nodescope::api {

namespace {

using cadvisor::container_view;
using cadvisor::sample;

constexpr std::array<std::string_view, 5> load_names{"nr_sleeping", "nr_running", "nr_stopped", "nr_uninterruptible",
                                                     "nr_io_wait"};

/// Room for the whole text, so that it grows without being moved: a long one would be there twice for a moment. What of
/// it is not needed takes no memory.
std::size_t room_for(const container_views& found, std::size_t (*bytes)(const container_view&))
{
    constexpr std::size_t least = 4096;
    std::size_t size = 0;
    for (const container_view& one : found) size += bytes(one);
    return size + size / 8 + least;
}

/// What a group that is not known looks like where it has to be there.
template <class Group>
const Group& or_zeros(const std::shared_ptr<const Group>& group)
{
    static const Group zeros;
    return group ? *group : zeros;
}

/// A group that the sample before has too (it is the same object: nothing changed) is copied from there as text.
class repeated_text {
public:
    template <class Append>
    void append(std::string& out, const void* group, const void* pressures, const Append& render)
    {
        if (length_ > 0 && group == group_ && pressures == pressures_) {
            out.append(out, begin_, length_);
            return;
        }
        group_ = group;
        pressures_ = pressures;
        begin_ = out.size();
        render();
        length_ = out.size() - begin_;
    }

private:
    const void* group_ = nullptr;
    const void* pressures_ = nullptr;
    std::size_t begin_ = 0;
    std::size_t length_ = 0;
};

/// Writes the samples of one container, oldest first.
class sample_writer {
public:
    sample_writer(std::string& out, go_json& json, device_names& devices, const container_view& container)
        : out_(out),
          json_(json),
          devices_(devices),
          spec_(*container.spec),
          application_(container.application.get()),
          newest_(container.samples.empty() ? nullptr : &container.samples.back()),
          of_root_(container.name == "/")
    {
    }

    void append_v2_0(const sample& one);
    void append_v2_1(const sample& one);
    void append_machine(const sample& one);

private:
    void append_cpu_groups(const sample& one);
    void append_rate(const sample& one);
    void append_memory_group(const sample& one);
    void append_diskio_group(const sample& one);
    void append_network_group(const sample& one, socket_figures sockets);
    void append_application(const sample& one);
    using filesystem_text = void (*)(go_json&, const host::filesystem_usage&);
    void append_filesystems(const sample& one, filesystem_text append);

    std::string& out_;
    go_json& json_;
    device_names& devices_;
    const cadvisor::container_spec& spec_;
    const applications::figures* const application_;
    const sample* const newest_;
    const bool of_root_;
    const sample* before_ = nullptr;
    repeated_text cpu_;
    repeated_text memory_;
    repeated_text diskio_;
    repeated_text network_;
    repeated_text filesystems_;
};

void sample_writer::append_v2_0(const sample& one)
{
    json_.object([&] {
        json_.time_member("timestamp", one.timestamp);
        json_.member("has_cpu", spec_.limits.has_cpu);
        append_cpu_groups(one);
        json_.member("has_diskio", spec_.limits.has_io);
        append_diskio_group(one);
        json_.member("has_memory", spec_.limits.has_memory);
        append_memory_group(one);
        json_.member("has_hugetlb", false);
        json_.member("has_network", spec_.has_network);
        append_network_group(one, socket_figures::zeros);
        json_.member("has_processes", false);
        json_.key("processes");
        append_processes(json_, {});
        json_.member("has_filesystem", spec_.has_filesystem);
        append_filesystems(one, append_filesystem);
        json_.member("has_load", false);
        static const std::string load_stats = zeros(load_names);
        json_.raw_member("load_stats", load_stats);
        json_.member("has_custom_metrics", application_ != nullptr);
        append_application(one);
    });
}

void sample_writer::append_v2_1(const sample& one)
{
    json_.object([&] {
        json_.time_member("timestamp", one.timestamp);
        if (spec_.limits.has_cpu && one.cpu) append_cpu_groups(one);
        if (spec_.limits.has_io && one.io) append_diskio_group(one);
        if (spec_.limits.has_memory && one.memory) append_memory_group(one);
        if (spec_.has_network && one.network) append_network_group(one, socket_figures::counted);
        if (spec_.limits.has_processes && one.processes) {
            json_.key("processes");
            append_processes(json_, *one.processes);
        }
        if (spec_.has_filesystem && one.filesystems && one.filesystems->size() == 1) {
            json_.key("filesystem");
            append_filesystem_share(json_, one.filesystems->front());
        }
        append_application(one);
    });
}

void sample_writer::append_application(const sample& one)
{
    if (application_ == nullptr || &one != newest_ || application_->values.empty()) return;
    json_.key("custom_metrics");
    append_metric_values(json_, *application_);
}

void sample_writer::append_machine(const sample& one)
{
    json_.object([&] {
        json_.time_member("timestamp", one.timestamp);
        if (one.cpu) append_cpu_groups(one);
        if (one.memory) append_memory_group(one);
        if (one.network) append_network_group(one, socket_figures::counted);
        append_filesystems(one, append_machine_filesystem);
    });
}

void sample_writer::append_cpu_groups(const sample& one)
{
    json_.key("cpu");
    cpu_.append(out_, one.cpu.get(), one.pressures.get(),
                [&] { append_cpu(json_, or_zeros(one.cpu), one.pressures.get()); });
    append_rate(one);
    if (one.cpu) before_ = &one;
}

void sample_writer::append_rate(const sample& one)
{
    if (!one.cpu || before_ == nullptr || !spec_.limits.has_cpu) return;
    const auto rate = cpu_rate(*before_->cpu, before_->timestamp, *one.cpu, one.timestamp);
    if (!rate) return;
    json_.key("cpu_inst");
    append_cpu_rate(json_, *rate);
}

void sample_writer::append_memory_group(const sample& one)
{
    json_.key("memory");
    memory_.append(out_, one.memory.get(), one.pressures.get(),
                   [&] { append_memory(json_, or_zeros(one.memory), one.pressures.get()); });
}

void sample_writer::append_diskio_group(const sample& one)
{
    json_.key("diskio");
    diskio_.append(out_, one.io.get(), one.pressures.get(),
                   [&] { append_diskio(json_, or_zeros(one.io), one.pressures.get(), devices_, of_root_); });
}

void sample_writer::append_network_group(const sample& one, socket_figures sockets)
{
    json_.key("network");
    network_.append(out_, one.network.get(), nullptr, [&] { append_network(json_, or_zeros(one.network), sockets); });
}

void sample_writer::append_filesystems(const sample& one, filesystem_text append)
{
    if (!one.filesystems || one.filesystems->empty()) return;
    json_.key("filesystem");
    filesystems_.append(out_, one.filesystems.get(), nullptr, [&] {
        json_.array(*one.filesystems, [&](const host::filesystem_usage& each) { append(json_, each); });
    });
}

void append_figures(go_json& json, std::string_view name, const cadvisor::percentiles& figures)
{
    json.object_member(name, [&] {
        json.member("present", figures.present);
        json.member("mean", figures.mean);
        json.member("std", figures.standard_deviation);
        json.member("max", figures.max);
        json.member("fifty", figures.fifty);
        json.member("ninety", figures.ninety);
        json.member("ninetyfive", figures.ninety_five);
        json.member("count", figures.count);
    });
}

void append_period(go_json& json, std::string_view name, const cadvisor::period_usage& period)
{
    json.object_member(name, [&] {
        json.member("percent_complete", period.percent_complete);
        append_figures(json, "cpu", period.cpu);
        append_figures(json, "memory", period.memory);
    });
}

void append_summary(go_json& json, const cadvisor::usage_summary& summary)
{
    json.object([&] {
        json.time_member("timestamp", summary.timestamp);
        json.object_member("latest_usage", [&] {
            json.member("cpu", summary.latest_cpu);
            json.member("memory", summary.latest_memory);
        });
        append_period(json, "minute_usage", summary.minute);
        append_period(json, "hour_usage", summary.hour);
        append_period(json, "day_usage", summary.day);
    });
}

/// An object with a member for each container, by its name; `size` is about what it takes.
template <class Append>
std::string object_of(const container_views& found, std::size_t size, const Append& append)
{
    std::string out;
    out.reserve(size);
    go_json json(out);
    json.object([&] {
        for (const container_view& one : found) {
            json.map_key(one.name);
            append(out, json, one);
        }
    });
    return out;
}

}  // namespace

std::string stats_v2_0(const container_views& found, const device_naming& devices)
{
    device_names names(devices);
    return object_of(found, room_for(found, sample_bytes),
                     [&](std::string& out, go_json& json, const container_view& container) {
                         sample_writer writer(out, json, names, container);
                         json.array(container.samples, [&](const sample& one) { writer.append_v2_0(one); });
                     });
}

std::string stats_v2_1(const container_views& found, const device_naming& devices)
{
    std::string out;
    out.reserve(room_for(found, sample_bytes));
    go_json json(out);
    device_names names(devices);
    json.object([&] {
        for (const container_view& container : found) {
            if (container.name == "/") continue;
            sample_writer writer(out, json, names, container);
            json.map_key(container.name);
            json.object([&] {
                json.key("spec");
                append_spec(json, container);
                if (!container.samples.empty()) {
                    json.array_member("stats", container.samples, [&](const sample& one) { writer.append_v2_1(one); });
                }
            });
        }
    });
    return out;
}

std::string machine_stats(const container_views& found)
{
    if (found.empty() || found.front().samples.empty()) return "null";
    std::string out;
    out.reserve(room_for(found, sample_bytes));
    go_json json(out);
    const device_naming none;
    device_names names(none);
    sample_writer writer(out, json, names, found.front());
    json.array(found.front().samples, [&](const sample& one) { writer.append_machine(one); });
    return out;
}

std::string spec_of_all(const container_views& found)
{
    return object_of(found, room_for(found, spec_bytes),
                     [](std::string&, go_json& json, const container_view& one) { append_spec(json, one); });
}

std::string summary_of_all(const container_views& found)
{
    const auto append = [](std::string&, go_json& json, const container_view& one) {
        append_summary(json, one.summary.value());
    };
    return object_of(found, room_for(found, summary_bytes), append);
}

}  // namespace nodescope::api
