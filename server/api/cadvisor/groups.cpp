#include "server/api/cadvisor/groups.hpp"

#include <array>
#include <string_view>

namespace nodescope::api {

namespace {

using host::io_operation;

/// In the order of host::io_list.
constexpr std::array<std::string_view, 12> io_list_names{
    "io_service_bytes", "io_serviced", "io_queued",     "sectors",      "io_service_time", "io_wait_time",
    "io_merged",        "io_time",     "io_cost_usage", "io_cost_wait", "io_cost_indebt",  "io_cost_indelay",
};

constexpr std::array<std::string_view, 3> schedstat_names{"run_time", "runqueue_time", "run_periods"};

void append_pressure_line(go_json& json, std::string_view name, const host::pressure_line& line)
{
    json.object_member(name, [&] {
        json.member("total", line.total);
        json.member("avg10", line.avg10);
        json.member("avg60", line.avg60);
        json.member("avg300", line.avg300);
    });
}

void append_pressure(go_json& json, const host::pressure& pressure)
{
    json.object_member("psi", [&] {
        append_pressure_line(json, "full", pressure.full);
        append_pressure_line(json, "some", pressure.some);
    });
}

void append_cpu_times(go_json& json, const host::cpu_usage& cpu)
{
    json.object_member("usage", [&] {
        json.member("total", cpu.total);
        if (!cpu.per_cpu.empty()) json.list_member("per_cpu_usage", cpu.per_cpu);
        json.member("user", cpu.user);
        json.member("system", cpu.system);
    });
}

void append_faults(go_json& json, std::string_view name, const host::memory_usage& memory)
{
    json.object_member(name, [&] {
        json.member("pgfault", memory.page_faults);
        json.member("pgmajfault", memory.major_page_faults);
    });
}

void append_io_entry(go_json& json, const host::io_entry& entry, const std::string& device)
{
    json.object([&] {
        json.member("device", device);
        json.member("major", entry.major);
        json.member("minor", entry.minor);
        json.object_member("stats", [&] {
            for (std::size_t at = 0; at < io_operation_names.size(); ++at) {
                if (entry.has(static_cast<io_operation>(at)))
                    json.member(io_operation_names.at(at), entry.value.at(at));
            }
        });
    });
}

void append_tcp(go_json& json, std::string_view name, const host::tcp_states& states)
{
    static const std::string no_sockets = zeros(tcp_state_names);
    if (states == host::tcp_states()) return json.raw_member(name, no_sockets);
    json.object_member(name, [&] {
        for (std::size_t at = 0; at < tcp_state_names.size(); ++at) {
            json.member(tcp_state_names.at(at), states.by_state.at(at));
        }
    });
}

void append_udp(go_json& json, std::string_view name, const host::udp_counters& counters)
{
    json.object_member(name, [&] {
        json.member("Listen", counters.listen);
        json.member("Dropped", counters.dropped);
        json.member("RxQueued", counters.rx_queued);
        json.member("TxQueued", counters.tx_queued);
    });
}

/// How an answer calls the four times of a disk, and what it counts them in.
struct disk_times {
    std::string_view read;
    std::string_view write;
    std::string_view io;
    std::string_view weighted_io;
    std::uint64_t per_millisecond;
};
constexpr disk_times in_milliseconds{"read_time", "write_time", "io_time", "weighted_io_time", 1};
constexpr disk_times in_nanoseconds{"read_duration", "write_duration", "io_duration", "weighted_io_duration",
                                    1'000'000};

void append_disk_counts(go_json& json, const host::disk_counters& disk, const disk_times& times)
{
    json.member("reads_completed", disk.reads_completed);
    json.member("reads_merged", disk.reads_merged);
    json.member("sectors_read", disk.sectors_read);
    json.member(times.read, disk.read_time * times.per_millisecond);
    json.member("writes_completed", disk.writes_completed);
    json.member("writes_merged", disk.writes_merged);
    json.member("sectors_written", disk.sectors_written);
    json.member(times.write, disk.write_time * times.per_millisecond);
    json.member("io_in_progress", disk.io_in_progress);
    json.member(times.io, disk.io_time * times.per_millisecond);
    json.member(times.weighted_io, disk.weighted_io_time * times.per_millisecond);
}

/// Nothing when a counter went down: then it is not the same one any more.
std::optional<std::uint64_t> rate(std::uint64_t before, std::uint64_t now, double interval_ns)
{
    if (now < before) return std::nullopt;
    return static_cast<std::uint64_t>(static_cast<double>(now - before) / interval_ns * 1e9);
}

}  // namespace

const std::string& device_names::name(std::uint32_t major, std::uint32_t minor, bool of_root)
{
    const std::pair key((std::uint64_t{major} << 32U) | minor, of_root);
    const auto [place, is_new] = names_.try_emplace(key);
    if (is_new && naming_) place->second = naming_(major, minor, of_root);
    return place->second;
}

void append_cpu(go_json& json, const host::cpu_usage& cpu, const host::pressures* pressures)
{
    json.object([&] {
        append_cpu_times(json, cpu);
        json.object_member("cfs", [&] {
            json.member("periods", cpu.periods);
            json.member("throttled_periods", cpu.throttled_periods);
            json.member("throttled_time", cpu.throttled_time);
            json.member("bursts_periods", cpu.burst_periods);
            json.member("burst_time", cpu.burst_time);
        });
        static const std::string schedstat = zeros(schedstat_names);
        json.raw_member("schedstat", schedstat);
        json.member("load_average", 0);
        if (pressures != nullptr) append_pressure(json, pressures->cpu);
    });
}

void append_memory(go_json& json, const host::memory_usage& memory, const host::pressures* pressures)
{
    json.object([&] {
        json.member("usage", memory.usage);
        json.member("max_usage", memory.max_usage);
        json.member("cache", memory.cache);
        json.member("rss", memory.rss);
        json.member("swap", memory.swap);
        json.member("mapped_file", memory.mapped_file);
        json.member("working_set", memory.working_set);
        json.member("total_active_file", memory.active_file);
        json.member("total_inactive_file", memory.inactive_file);
        json.member("file_dirty", memory.file_dirty);
        json.member("file_writeback", memory.file_writeback);
        json.member("pgscan", memory.pages_scanned);
        json.member("pgsteal", memory.pages_stolen);
        json.member("workingset_refault_file", memory.refaults_file);
        json.member("workingset_refault_anon", memory.refaults_anon);
        json.member("failcnt", memory.fail_count);
        json.member("kernel", memory.kernel);
        append_faults(json, "container_data", memory);
        append_faults(json, "hierarchical_data", memory);
        if (pressures != nullptr) append_pressure(json, pressures->memory);
        json.object_member("events", [&] {
            json.member("high", memory.high_events);
            json.member("max", memory.max_events);
        });
    });
}

void append_diskio(go_json& json, const host::io_usage& io, const host::pressures* pressures, device_names& devices,
                   bool of_root)
{
    json.object([&] {
        for (std::size_t at = 0; at < io.size();) {
            const host::io_list list = io[at].list;
            json.array_member(io_list_names.at(static_cast<std::size_t>(list)), [&] {
                for (; at < io.size() && io[at].list == list; ++at) {
                    append_io_entry(json, io[at], devices.name(io[at].major, io[at].minor, of_root));
                }
            });
        }
        if (pressures != nullptr) append_pressure(json, pressures->io);
    });
}

void append_network(go_json& json, const host::network_usage& network, socket_figures sockets)
{
    json.object([&] {
        if (!network.interfaces.empty()) {
            json.objects_member("interfaces", network.interfaces, [&](const host::interface_counters& counters) {
                json.member("name", counters.name);
                json.member("rx_bytes", counters.rx_bytes);
                json.member("rx_packets", counters.rx_packets);
                json.member("rx_errors", counters.rx_errors);
                json.member("rx_dropped", counters.rx_dropped);
                json.member("tx_bytes", counters.tx_bytes);
                json.member("tx_packets", counters.tx_packets);
                json.member("tx_errors", counters.tx_errors);
                json.member("tx_dropped", counters.tx_dropped);
            });
        }
        static const host::network_usage zeros;
        const bool always = sockets == socket_figures::zeros;
        const host::network_usage& shown = always ? zeros : network;
        if (!always && !network.sockets_counted) return;
        append_tcp(json, "tcp", shown.tcp);
        append_tcp(json, "tcp6", shown.tcp6);
        append_udp(json, "udp", shown.udp);
        append_udp(json, "udp6", shown.udp6);
    });
}

void append_ulimits(go_json& json, const host::resource_limit& open_files)
{
    json.array_member("ulimits", [&] {
        json.object([&] {
            json.member("name", open_files_ulimit);
            json.member("soft_limit", open_files.soft);
            json.member("hard_limit", open_files.hard);
        });
    });
}

void append_processes(go_json& json, const host::process_usage& processes)
{
    json.object([&] {
        json.member("process_count", processes.process_count);
        json.member("fd_count", processes.fd_count);
        json.member("socket_count", processes.socket_count);
        json.member_unless_empty("threads_current", processes.threads_current);
        json.member_unless_empty("threads_max", processes.threads_max);
        if (processes.open_files) append_ulimits(json, *processes.open_files);
    });
}

void append_filesystem(go_json& json, const host::filesystem_usage& filesystem)
{
    json.object([&] {
        json.member_unless_empty("device", filesystem.device);
        json.member("type", filesystem.type);
        json.member("capacity", filesystem.capacity);
        json.member("usage", filesystem.usage);
        json.member("base_usage", filesystem.base_usage);
        json.member("available", filesystem.available);
        json.member("has_inodes", filesystem.has_inodes);
        json.member("inodes", filesystem.inodes);
        json.member("inodes_free", filesystem.inodes_free);
        append_disk_counts(json, filesystem.disk, in_milliseconds);
    });
}

void append_filesystem_share(go_json& json, const host::filesystem_usage& filesystem)
{
    json.object([&] {
        json.member("totalUsageBytes", filesystem.usage);
        json.member("baseUsageBytes", filesystem.base_usage);
        json.member("containter_inode_usage", filesystem.inodes);  // spelled so
    });
}

void append_machine_filesystem(go_json& json, const host::filesystem_usage& filesystem)
{
    json.object([&] {
        json.member("device", filesystem.device);
        json.member("type", filesystem.type);
        json.member("capacity", filesystem.capacity);
        json.member("usage", filesystem.usage);
        json.member("available", filesystem.available);
        if (filesystem.has_inodes) json.member("inodes_free", filesystem.inodes_free);
        json.key("inline");  // a struct that Go was meant to fold into the one around it
        json.object([&] { append_disk_counts(json, filesystem.disk, in_nanoseconds); });
    });
}

std::optional<host::cpu_usage> cpu_rate(const host::cpu_usage& before, cadvisor::time_point before_at,
                                        const host::cpu_usage& now, cadvisor::time_point now_at)
{
    if (now_at <= before_at || before.per_cpu.size() != now.per_cpu.size()) return std::nullopt;
    const auto nanoseconds = static_cast<double>((now_at - before_at).count());
    const auto total = rate(before.total, now.total, nanoseconds);
    const auto user = rate(before.user, now.user, nanoseconds);
    const auto system = rate(before.system, now.system, nanoseconds);
    if (!total || !user || !system) return std::nullopt;
    host::cpu_usage out;
    out.total = *total;
    out.user = *user;
    out.system = *system;
    out.per_cpu.reserve(now.per_cpu.size());
    for (std::size_t at = 0; at < now.per_cpu.size(); ++at) {
        const auto one = rate(before.per_cpu[at], now.per_cpu[at], nanoseconds);
        if (!one) return std::nullopt;
        out.per_cpu.push_back(*one);
    }
    return out;
}

void append_cpu_rate(go_json& json, const host::cpu_usage& rate)
{
    json.object([&] { append_cpu_times(json, rate); });
}

}  // namespace nodescope::api
