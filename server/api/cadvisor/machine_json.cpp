// How the node and its processes are written: keys and their order as cAdvisor's.
#include "server/api/cadvisor/go_json.hpp"
#include "server/api/cadvisor/machine.hpp"

#include <fmt/format.h>

#include <map>

namespace nodescope::api {

namespace {

/// What stands for a provider of virtual machines and its names: no metadata service is asked.
constexpr std::string_view unknown = "Unknown";
constexpr std::string_view no_instance = "None";

/// Lists that are null when they are empty.
template <class List>
void list_or_null(go_json& json, std::string_view key, const List& list)
{
    if (list.empty()) json.raw_member(key, "null");
    else json.list_member(key, list);
}
template <class List, class Members>
void objects_or_null(go_json& json, std::string_view key, const List& list, const Members& members)
{
    if (list.empty()) json.raw_member(key, "null");
    else json.objects_member(key, list, members);
}

void huge_pages(go_json& json, const std::vector<host::huge_page_pool>& pools)
{
    objects_or_null(json, "hugepages", pools, [&](const host::huge_page_pool& one) {
        json.member("page_size", one.page_kib);
        json.member("num_pages", one.count);
    });
}

void caches(go_json& json, std::string_view key, const std::vector<host::cpu_cache>& list)
{
    objects_or_null(json, key, list, [&](const host::cpu_cache& one) {
        json.member("id", one.id);
        json.member("size", one.size);
        json.member("type", one.type);
        json.member("level", one.level);
    });
}

void cores(go_json& json, const std::vector<host::cpu_core>& list)
{
    objects_or_null(json, "cores", list, [&](const host::cpu_core& one) {
        json.member("core_id", one.id);
        list_or_null(json, "thread_ids", one.threads);
        caches(json, "caches", one.caches);
        caches(json, "uncore_caches", one.uncore_caches);
        json.member("socket_id", one.socket);
    });
}

void topology(go_json& json, const std::vector<host::numa_node>& nodes)
{
    json.objects_member("topology", nodes, [&](const host::numa_node& node) {
        json.member("node_id", node.id);
        json.member("memory", node.memory);
        huge_pages(json, node.huge_pages);
        cores(json, node.cores);
        caches(json, "caches", node.caches);
        list_or_null(json, "distances", node.distances);
    });
}

void filesystems(go_json& json, const std::shared_ptr<const host::node_filesystems>& measured)
{
    static const std::vector<host::filesystem_usage> none;
    json.objects_member("filesystems", measured ? measured->usages : none, [&](const host::filesystem_usage& one) {
        json.member("device", one.device);
        json.member("capacity", one.capacity);
        json.member("type", one.type);
        json.member("inodes", one.inodes);
        json.member("has_inodes", one.has_inodes);
    });
}

void disk_map(go_json& json, const std::vector<host::block_device>& disks)
{
    std::map<std::string, const host::block_device*> by_number;
    for (const host::block_device& one : disks) by_number.emplace(fmt::format("{}:{}", one.major, one.minor), &one);
    json.object_member("disk_map", [&] {
        for (const auto& [number, disk] : by_number) {
            json.object_member(number, [&json, disk = disk] {
                json.member("name", disk->name);
                json.member("major", disk->major);
                json.member("minor", disk->minor);
                json.member("size", disk->size);
                json.member("scheduler", disk->scheduler);
            });
        }
    });
}

void network_devices(go_json& json, const std::vector<host::network_device>& interfaces)
{
    json.objects_member("network_devices", interfaces, [&](const host::network_device& one) {
        json.member("name", one.name);
        json.member("mac_address", one.mac_address);
        json.member("speed", one.speed);
        json.member("mtu", one.mtu);
    });
}

/// What `machine` and `attributes` end with.
void devices_and_cloud(go_json& json, const cadvisor::machine_info& node)
{
    filesystems(json, node.filesystems);
    disk_map(json, node.facts.disks);
    network_devices(json, node.facts.interfaces);
    topology(json, node.facts.topology);
    json.member("cloud_provider", unknown);
    json.member("instance_type", unknown);
}

void memory(go_json& json, const host::node_facts& facts)
{
    json.member("memory_capacity", facts.memory);
    json.member("swap_capacity", facts.swap);
    json.object_member("memory_by_type", [&] {
        for (const auto& [type, modules] : facts.modules) {
            json.map_key(type);
            json.object([&json, &of = modules] {
                json.member("capacity", of.capacity);
                json.member("dimm_count", of.count);
            });
        }
    });
    // Persistent memory is not looked for; the blank in the key is cAdvisor's.
    json.object_member("nvm", [&] {
        for (const auto* const key : {"memory_mode_capacity", "app direct_mode_capacity", "avg_power_budget"}) {
            json.member(key, 0);
        }
    });
    huge_pages(json, facts.huge_pages);
}

void stored_filesystem(go_json& json, const cadvisor::stored_filesystem& one)
{
    json.object([&] {
        json.time_member("timestamp", one.timestamp);
        json.member("device", one.usage.device);
        json.member("mountpoint", one.usage.mountpoint);
        json.member("capacity", one.usage.capacity);
        json.member("available", one.usage.available);
        json.member("usage", one.usage.usage);
        json.list_member("labels", one.labels);
        if (one.usage.has_inodes) {
            json.member("inodes", one.usage.inodes);
            json.member("inodes_free", one.usage.inodes_free);
        }
    });
}

void process(go_json& json, const cadvisor::process_row& row)
{
    json.object([&] {
        json.member("user", row.user);
        json.member("pid", row.pid);
        json.member("parent_pid", row.parent);
        json.member("start_time", row.start_time);
        json.member("percent_cpu", row.percent_cpu);
        json.member("percent_mem", row.percent_memory);
        json.member("rss", row.rss);
        json.member("virtual_size", row.vms);
        json.member("status", row.status);
        json.member("running_time", row.running_time);
        json.member("cgroup_path", row.cgroup_path);
        json.member("cmd", row.command);
        if (row.fd_count) json.member("fd_count", *row.fd_count);
        json.member("psr", row.cpu);
    });
}

}  // namespace

std::string machine_json(const cadvisor::machine_info& node)
{
    const host::node_facts& facts = node.facts;
    std::string body;
    go_json json(body);
    json.object([&] {
        json.time_member("timestamp", node.timestamp);
        json.member("vendor_id", facts.cpu_vendor);
        json.member("num_cores", facts.cores);
        json.member("num_physical_cores", facts.physical_cores);
        json.member("num_sockets", facts.sockets);
        json.member("cpu_frequency_khz", facts.cpu_khz);
        memory(json, facts);
        json.member("machine_id", facts.machine_id);
        json.member("system_uuid", facts.system_uuid);
        json.member("boot_id", facts.boot_id);
        devices_and_cloud(json, node);
        json.member("instance_id", no_instance);
    });
    return body;
}

std::string attributes_json(const cadvisor::machine_info& node, const cadvisor::engine_versions& engine,
                            std::string_view version)
{
    const host::node_facts& facts = node.facts;
    std::string body;
    go_json json(body);
    json.object([&] {
        json.member("kernel_version", facts.kernel_version);
        json.member("container_os_version", facts.os_name);
        json.member("docker_version", engine.engine);
        json.member("docker_api_version", engine.api);
        json.member("cadvisor_version", version);
        json.member("num_cores", facts.cores);
        json.member("cpu_frequency_khz", facts.cpu_khz);
        json.member("memory_capacity", facts.memory);
        json.member("machine_id", facts.machine_id);
        json.member("system_uuid", facts.system_uuid);
        huge_pages(json, facts.huge_pages);
        devices_and_cloud(json, node);
    });
    return body;
}

std::string storage_json(const std::vector<cadvisor::stored_filesystem>& filesystems)
{
    std::string body;
    go_json json(body);
    json.array(filesystems, [&](const cadvisor::stored_filesystem& one) { stored_filesystem(json, one); });
    return body;
}

std::string storage_json(const cadvisor::stored_filesystem& filesystem)
{
    std::string body;
    go_json json(body);
    stored_filesystem(json, filesystem);
    return body;
}

std::string process_table_json(const cadvisor::process_table& table)
{
    std::string body;
    go_json json(body);
    json.array(table.rows, [&](const cadvisor::process_row& row) { process(json, row); });
    return body;
}

}  // namespace nodescope::api
