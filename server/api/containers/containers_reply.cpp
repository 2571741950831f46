#include "server/api/containers/containers_reply.hpp"

#include "collectors/host/cgroup/container_cgroup.hpp"
#include "core/json/writer.hpp"
#include "core/rfc3339.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string_view>

namespace nodescope::api {

namespace {

using cadvisor::container_view;
using cadvisor::sample;

/// For the notes and what stands around the lists.
constexpr std::size_t around_containers_bytes = 4096;

void write_time(json_writer& json, std::string_view name, const std::optional<cadvisor::time_point>& when)
{
    json.key(name);
    if (when) json.value(rfc3339(*when));
    else json.null();
}

void write_limit(json_writer& json, std::string_view name, bool is_there, std::uint64_t limit)
{
    json.key(name);
    if (is_there && limit != 0 && limit <= host::cgroup_limits::largest_memory) json.value(limit);
    else json.null();
}

void write_pod(json_writer& json, const pod_of_container* pod)
{
    json.key("pod");
    if (pod == nullptr || pod->name.empty()) return json.null();
    json.object([&] {
        json.member("namespace", pod->name_space);
        json.member("name", pod->name);
        json.member("uid", pod->uid);
        json.member("container", pod->container);
        json.member("sandbox", pod->is_sandbox);
    });
}

/// What a container may use at most; of the node, all there is.
std::optional<double> most_cores(const cadvisor::container_spec& spec)
{
    const host::cgroup_limits& limits = spec.limits;
    if (limits.cpu_quota && limits.cpu_period != 0)
        return static_cast<double>(*limits.cpu_quota) / static_cast<double>(limits.cpu_period);
    return spec.processors > 0 ? std::optional<double>(spec.processors) : std::nullopt;
}

void write_cpu(json_writer& json, const sample& last, const cadvisor::container_spec& spec)
{
    if (!last.cpu) return;
    json.object_member("cpu", [&] {
        json.member("usage_ns", last.cpu->total);
        json.member("user_ns", last.cpu->user);
        json.member("system_ns", last.cpu->system);
        json.member("throttled_ns", last.cpu->throttled_time);
        json.key("limit_cores");
        if (const auto cores = most_cores(spec)) json.value(*cores);
        else json.null();
    });
}

void write_memory(json_writer& json, const sample& last, const host::cgroup_limits& limits)
{
    if (!last.memory) return;
    json.object_member("memory", [&] {
        json.member("usage", last.memory->usage);
        json.member("working_set", last.memory->working_set);
        json.member("cache", last.memory->cache);
        json.member("rss", last.memory->rss);
        json.member("swap", last.memory->swap);
        write_limit(json, "limit", limits.has_memory, limits.memory_limit);
    });
}

void write_network(json_writer& json, const sample& last)
{
    if (!last.network) return;
    host::interface_counters sum;
    for (const host::interface_counters& one : last.network->interfaces) {
        sum.rx_bytes += one.rx_bytes;
        sum.tx_bytes += one.tx_bytes;
        sum.rx_dropped += one.rx_dropped + one.rx_errors;
        sum.tx_dropped += one.tx_dropped + one.tx_errors;
    }
    json.object_member("network", [&] {
        json.member("rx_bytes", sum.rx_bytes);
        json.member("tx_bytes", sum.tx_bytes);
        json.member("rx_lost", sum.rx_dropped);
        json.member("tx_lost", sum.tx_dropped);
    });
}

void write_io(json_writer& json, const sample& last)
{
    if (!last.io) return;
    std::uint64_t read = 0;
    std::uint64_t written = 0;
    for (const host::io_entry& one : *last.io) {
        if (one.list != host::io_list::service_bytes) continue;
        read += one.value.at(static_cast<unsigned>(host::io_operation::read));
        written += one.value.at(static_cast<unsigned>(host::io_operation::write));
    }
    json.object_member("io", [&] {
        json.member("read_bytes", read);
        json.member("write_bytes", written);
    });
}

void write_pressure(json_writer& json, const sample& last)
{
    if (!last.pressures) return;
    json.object_member("pressure", [&] {
        json.member("cpu", last.pressures->cpu.some.avg10);
        json.member("memory", last.pressures->memory.some.avg10);
        json.member("io", last.pressures->io.some.avg10);
    });
}

/// Of the newest sample; nothing where there is none.
void write_usage(json_writer& json, const container_view& one)
{
    if (one.samples.empty()) return;
    const sample& last = one.samples.back();
    const host::cgroup_limits& limits = one.spec->limits;
    write_time(json, "measured", last.timestamp);
    write_cpu(json, last, *one.spec);
    write_memory(json, last, limits);
    write_network(json, last);
    write_io(json, last);
    write_pressure(json, last);
    // 0 where the cgroup does not count them.
    if (last.processes && last.processes->threads_current != 0) json.member("threads", last.processes->threads_current);
}

void write_facts(json_writer& json, const process_facts* facts)
{
    json.key("pid");
    if (facts == nullptr || facts->pid == 0) json.null();
    else json.value(facts->pid);
    json.key("netns");
    if (facts == nullptr || facts->netns == 0) json.null();
    else json.value(facts->netns);
    json.key("addresses");
    if (facts == nullptr) return json.null();
    json.array(facts->addresses, [&](const std::string& one) { json.value(one); });
}

void write_container(json_writer& json, const container_view& one, const process_facts* facts, std::string_view id)
{
    json.object([&] {
        json.member("id", id);
        json.member("name", one.spec->aliases.empty() ? std::string() : one.spec->aliases.front());
        json.member("runtime", one.spec->name_space);
        json.member("cgroup", one.name);
        json.member("image", one.spec->image);
        write_pod(json, one.pod.get());
        write_time(json, "created", one.spec->creation_time);
        write_time(json, "started", one.spec->start_time);
        json.member("restarts", one.spec->restarts);
        json.member_unless_empty("health", one.spec->health);
        write_facts(json, facts);
        write_usage(json, one);
    });
}

void write_ended(json_writer& json, const cadvisor::ended_container& one)
{
    json.object([&] {
        json.member("name", one.name);
        json.member("image", one.image);
        write_pod(json, &one.pod);
        write_time(json, "finished", one.finished);
        json.member("exit_code", one.exit_code);
        json.member("killed_for_memory", one.killed_for_memory);
        json.member("restarts", one.restarts);
    });
}

/// The elements of a list as far as they fit into `limit_bytes`. Gives how many did not.
template <class List, class Write>
std::size_t write_fitting(std::string& out, const List& list, std::size_t limit_bytes, const Write& write)
{
    std::size_t left_out = 0;
    json_writer json(out);
    json.array([&] {
        for (const auto& one : list) {
            const std::size_t before = out.size();
            if (left_out == 0) write(json, one);
            if (out.size() <= limit_bytes && left_out == 0) continue;
            out.resize(before);
            ++left_out;
        }
    });
    return left_out;
}

}  // namespace

std::string containers_reply(const container_listing& all, std::size_t limit_bytes)
{
    const std::size_t room = limit_bytes > around_containers_bytes ? limit_bytes - around_containers_bytes : 0;
    std::map<std::string, std::string> notes = all.notes;
    std::vector<const container_view*> shown;
    const container_view* node = nullptr;
    for (const container_view& one : all.views) {
        if (one.is_container) shown.push_back(&one);
        else if (one.name == "/") node = &one;
    }

    std::string list;
    const std::size_t left_out = write_fitting(list, shown, room, [&](json_writer& json, const container_view* one) {
        const std::string_view id = host::container_id_of_path(one->name);
        const auto facts = all.processes.find(std::string(id));
        write_container(json, *one, facts != all.processes.end() ? &facts->second : nullptr, id);
    });
    if (left_out > 0) notes["containers"] = fmt::format("cut: {} of {} are left out", left_out, shown.size());
    std::string ended;
    const std::size_t ended_room = room > list.size() ? room - list.size() : 0;
    const std::size_t ends_left_out = write_fitting(
        ended, all.ended, ended_room, [](json_writer& json, const auto& one) { write_ended(json, *one); });
    if (ends_left_out > 0) notes["ended"] = fmt::format("cut: {} of {} are left out", ends_left_out, all.ended.size());

    std::string out;
    out.reserve(list.size() + ended.size() + around_containers_bytes);
    json_writer json(out);
    json.object([&] {
        json.key("node");
        if (node != nullptr) json.object([&] { write_usage(json, *node); });
        else json.null();
        json.raw_member("containers", list);
        json.raw_member("ended", ended);
        json.object_member("notes", [&] {
            for (const auto& [about, note] : notes) json.member(about, note);
        });
    });
    out += '\n';
    return out;
}

}  // namespace nodescope::api
