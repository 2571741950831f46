// Which series containers have in /metrics: groups of families by the words that cAdvisor has for them, and what is
// left out by its name. Pure.
#pragma once

#include "collectors/cadvisor/model.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::api {

/// In the order of metric_group_names. What is in no group (times, limits, health, restarts) is always shown.
enum class metric_group : std::uint8_t {
    cpu,
    percpu,
    memory,
    network,
    tcp,
    udp,
    disk,
    disk_io,
    process,
    pressure,
    oom_event,
    app,
    ends,
};
inline constexpr std::array<std::string_view, 13> metric_group_names{
    "cpu",    "percpu",  "memory",   "network",   "tcp", "udp",  "disk",
    "diskIO", "process", "pressure", "oom_event", "app", "ends",
};

class series_choice {
public:
    /// All of them, and nothing left out.
    series_choice() = default;
    /// Those `enabled`, or all where it is empty, without those `disabled`. Other words have no effect.
    series_choice(const std::vector<std::string>& enabled, const std::vector<std::string>& disabled);

    [[nodiscard]] bool shows(metric_group group) const noexcept;
    /// Neither its cgroup, nor its name, nor "namespace/pod/container" is one of `containers_left_out`.
    [[nodiscard]] bool shows_container(const cadvisor::container_view& one) const;
    [[nodiscard]] bool shows_interface(std::string_view name) const;
    [[nodiscard]] bool shows_device(std::string_view name) const;

    /// Patterns as matches_glob() takes them.
    std::vector<std::string> containers_left_out;
    std::vector<std::string> interfaces_left_out;
    std::vector<std::string> devices_left_out;

private:
    std::uint32_t hidden_ = 0;  // bit (1 << metric_group)
};

}  // namespace nodescope::api
