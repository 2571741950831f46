// cAdvisor's picture of the node: containers by cgroup path, each with what it was given (spec) and what it used
// (samples). Plain structs; the sampler fills them, server/api renders them.
#pragma once

#include "collectors/application/figures.hpp"
#include "collectors/host/usage.hpp"
#include "collectors/runtime/container.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nodescope::cadvisor {

/// Wall-clock time with the kernel's resolution.
using time_point = std::chrono::sys_time<std::chrono::nanoseconds>;

/// What a container was given. The texts of a plain cgroup (no runtime knows it) are empty.
struct container_spec {
    bool operator==(const container_spec&) const = default;
    std::optional<time_point> creation_time;
    std::optional<time_point> start_time;
    std::vector<std::string> aliases;  ///< name and full id, as cAdvisor orders them (name_spaces.hpp)
    std::string name_space;            ///< "docker", "containerd", …; empty for a plain cgroup
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> envs;  ///< only the variables the configuration lists; keys in lower case
    std::string image;
    host::cgroup_limits limits;
    int processors = 0;  ///< of the node, of which only "/" says it
    bool has_network = false;
    bool has_filesystem = false;
    std::optional<std::uint64_t> restarts;  ///< by its runtime; none: no runtime says
    std::string health;                     ///< Docker State.Health.Status; empty without a health check
};

/// One measurement. Groups are shared with the sample before when nothing changed, which is what keeps a ring of idle
/// containers small; a null group is not known.
struct sample {
    time_point timestamp;
    std::shared_ptr<const host::cpu_usage> cpu;
    std::shared_ptr<const host::memory_usage> memory;
    std::shared_ptr<const host::io_usage> io;
    std::shared_ptr<const host::network_usage> network;
    std::shared_ptr<const host::process_usage> processes;
    std::shared_ptr<const std::vector<host::filesystem_usage>> filesystems;
    std::shared_ptr<const host::pressures> pressures;
};

/// present, mean, …: one figure of a summary. CPU in thousandths of a CPU, memory in bytes of working set.
struct percentiles {
    bool operator==(const percentiles&) const = default;
    bool present = false;
    std::uint64_t mean = 0;
    std::uint64_t standard_deviation = 0;
    std::uint64_t max = 0;
    std::uint64_t fifty = 0;
    std::uint64_t ninety = 0;
    std::uint64_t ninety_five = 0;
    std::uint64_t count = 0;
};

struct period_usage {
    bool operator==(const period_usage&) const = default;
    int percent_complete = 0;  ///< 0 to 100
    percentiles cpu;
    percentiles memory;
};

struct usage_summary {
    bool operator==(const usage_summary&) const = default;
    time_point timestamp;
    std::uint64_t latest_cpu = 0;
    std::uint64_t latest_memory = 0;
    period_usage minute;
    period_usage hour;
    period_usage day;
};

/// One container as an answer needs it. What it points at stays valid however long it is kept.
struct container_view {
    std::string name;           ///< cgroup path
    bool is_container = false;  ///< some runtime's; else a plain cgroup, whatever its name
    std::shared_ptr<const container_spec> spec;
    std::shared_ptr<const pod_of_container> pod;  ///< whose it is; also of the cgroup of a pod itself. Null: nobody's
    std::vector<sample> samples;                  ///< the newest `count`, oldest first
    std::size_t samples_left_out = 0;             ///< of those: there was no room for them
    std::optional<usage_summary> summary;
    std::optional<std::uint64_t> oom_events;  ///< none where the kernel does not count them
    /// Of the cgroup of a pod: its volumes, as host::pod_volumes has them. Null: not walked (yet).
    std::shared_ptr<const std::vector<host::filesystem_usage>> volumes;
    /// What its application says of itself; null: nothing, or nobody asks it.
    std::shared_ptr<const applications::figures> application;
};

/// Which containers, and how much of each.
struct query {
    query() = default;
    enum class naming { by_cgroup, by_docker, by_podman, by_containerd, by_crio };
    naming type = naming::by_cgroup;
    std::string name = "/";  ///< cgroup path, or the name or id of that runtime's container as the caller wrote it
    bool recursive = false;
    std::int64_t count = 64;                          ///< samples; -1: all, 0: none
    std::optional<std::chrono::nanoseconds> max_age;  ///< older newest samples are measured again before the answer
    bool summaries = false;
    /// Whether samples are wanted between this question and the next: a sampler then measures all containers for a
    /// while. Where none does, who asks gets a sample measured now.
    bool follow = true;
};

/// Something that happened to a container.
struct event {
    event() = default;
    enum class kind : std::uint8_t { oom, oom_kill, creation, deletion };
    std::string container_name;
    time_point timestamp;
    kind type = kind::creation;
    /// oom_kill.
    std::int64_t pid = 0;
    std::string process_name;
    std::string constraint;
    /// deletion; -1 is unknown.
    int exit_code = -1;
    std::size_t names_bytes = 0;  ///< of its texts as JSON strings; the store fills it in
};
/// Shared with whoever else shows or keeps them.
using event_list = std::vector<std::shared_ptr<const event>>;

/// A container that is there no more, and how it ended.
struct ended_container {
    ended_container() = default;
    std::string path;                       ///< of its cgroup
    std::string name;                       ///< the first of its aliases
    std::string image;                      ///< as its runtime names it
    pod_of_container pod;                   ///< empty: no pod's
    time_point finished;                    ///< as its runtime says, else when its cgroup was seen to be gone
    std::optional<std::int64_t> exit_code;  ///< none: its runtime did not say
    /// Its runtime says so; or the kernel has killed a process of it because memory ran out, and it ended by a SIGKILL.
    bool killed_for_memory = false;
    std::uint64_t restarts = 0;  ///< by its runtime
};
using ended_list = std::vector<std::shared_ptr<const ended_container>>;

}  // namespace nodescope::cadvisor
