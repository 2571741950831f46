// The groups of a sample (cpu, memory, …) as cAdvisor's API shows them: the keys in the order of cAdvisor 0.35, and
// those of 0.60 in their places. Each function appends one JSON value.
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "collectors/host/usage.hpp"
#include "server/api/cadvisor/go_json.hpp"
#include "server/api/cadvisor/samples.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::api {

/// In the order of host::io_operation, which is that of the bytes of the names.
inline constexpr std::array<std::string_view, 7> io_operation_names{
    "Async", "Count", "Discard", "Read", "Sync", "Total", "Write",
};

/// In the order of host::tcp_states.
inline constexpr std::array<std::string_view, 11> tcp_state_names{
    "Established", "SynSent",   "SynRecv", "FinWait1", "FinWait2", "TimeWait",
    "Close",       "CloseWait", "LastAck", "Listen",   "Closing",
};

/// The one limit of a container's first process that is shown.
inline constexpr std::string_view open_files_ulimit = "max_open_files";

/// The names of block devices in one answer: asked for once each. `naming` outlives it.
class device_names {
public:
    explicit device_names(const device_naming& naming) : naming_(naming) {}
    const std::string& name(std::uint32_t major, std::uint32_t minor, bool of_root);

private:
    const device_naming& naming_;
    std::map<std::pair<std::uint64_t, bool>, std::string> names_;
};

/// `psi` is left out without pressures.
void append_cpu(go_json& json, const host::cpu_usage& cpu, const host::pressures* pressures);
void append_memory(go_json& json, const host::memory_usage& memory, const host::pressures* pressures);
void append_diskio(go_json& json, const host::io_usage& io, const host::pressures* pressures, device_names& devices,
                   bool of_root);
/// v2.0 has the sockets' keys, but nothing in them.
enum class socket_figures { zeros, counted };
void append_network(go_json& json, const host::network_usage& network, socket_figures sockets);
void append_processes(go_json& json, const host::process_usage& processes);
/// v2.0: one entry of the list.
void append_filesystem(go_json& json, const host::filesystem_usage& filesystem);
/// v2.1: the share of one filesystem that is a container's.
void append_filesystem_share(go_json& json, const host::filesystem_usage& filesystem);
/// machinestats: one entry of the list.
void append_machine_filesystem(go_json& json, const host::filesystem_usage& filesystem);

/// What was used between two samples, in nanoseconds of CPU per second; nothing when that cannot be said.
std::optional<host::cpu_usage> cpu_rate(const host::cpu_usage& before, cadvisor::time_point before_at,
                                        const host::cpu_usage& now, cadvisor::time_point now_at);
void append_cpu_rate(go_json& json, const host::cpu_usage& rate);

}  // namespace nodescope::api
