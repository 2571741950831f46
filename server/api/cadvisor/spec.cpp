#include "server/api/cadvisor/spec.hpp"

#include "server/api/cadvisor/application.hpp"

#include <map>
#include <string>
#include <string_view>

namespace nodescope::api {

namespace {

void append_cpu_spec(go_json& json, const host::cgroup_limits& limits)
{
    json.member("has_cpu", limits.has_cpu);
    json.object_member("cpu", [&] {
        json.member("limit", limits.cpu_shares);
        json.member("max_limit", 0);
        json.member_unless_empty("mask", limits.cpu_mask);
        if (limits.cpu_quota) json.member("quota", *limits.cpu_quota);
        json.member_unless_empty("period", limits.cpu_period);
    });
}

void append_memory_spec(go_json& json, const host::cgroup_limits& limits)
{
    json.member("has_memory", limits.has_memory);
    json.object_member("memory", [&] {
        json.member_unless_empty("limit", limits.memory_limit);
        json.member_unless_empty("reservation", limits.memory_reservation);
        json.member_unless_empty("swap_limit", limits.swap_limit);
    });
}

void append_texts(go_json& json, std::string_view name, const std::map<std::string, std::string>& texts)
{
    if (texts.empty()) return;
    json.object_member(name, [&] {
        for (const auto& [key, value] : texts) {
            json.map_key(key);
            json.value(value);
        }
    });
}

}  // namespace

void append_spec(go_json& json, const cadvisor::container_view& of)
{
    const cadvisor::container_spec& spec = *of.spec;
    const host::cgroup_limits& limits = spec.limits;
    // A runtime tells its times in UTC; those of a plain cgroup are the node's.
    const auto zone = spec.name_space.empty() ? go_json::zone::local : go_json::zone::utc;
    json.object([&] {
        json.time_member("creation_time", spec.creation_time, zone);
        json.time_member("start_time", spec.start_time, zone);
        if (!spec.aliases.empty()) json.list_member("aliases", spec.aliases);
        json.member_unless_empty("namespace", spec.name_space);
        // As cAdvisor has it; among the labels of series it would make new ones with every restart.
        if (const auto restarts = spec.restarts.value_or(0); restarts == 0) {
            append_texts(json, "labels", spec.labels);
        } else {
            std::map<std::string, std::string> labels = spec.labels;
            labels["restartcount"] = std::to_string(restarts);
            append_texts(json, "labels", labels);
        }
        append_texts(json, "envs", spec.envs);
        append_cpu_spec(json, limits);
        append_memory_spec(json, limits);
        json.member("has_hugetlb", false);
        json.member("has_custom_metrics", of.application != nullptr);
        if (of.application && !of.application->specs.empty()) {
            json.key("custom_metrics");
            append_metric_specs(json, *of.application);
        }
        json.member("has_processes", limits.has_processes);
        json.object_member("processes", [&] {
            if (limits.processes_limit != host::cgroup_limits::unlimited) {
                json.member_unless_empty("limit", limits.processes_limit);
            }
        });
        json.member("has_network", spec.has_network);
        json.member("has_filesystem", spec.has_filesystem);
        json.member("has_diskio", limits.has_io);
        json.member_unless_empty("image", spec.image);
    });
}

}  // namespace nodescope::api
