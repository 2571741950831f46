// The node and its processes, as cAdvisor 0.35 wrote them of the same node.
#include "server/api/cadvisor/machine.hpp"

#include "server/api/cadvisor/go_values.hpp"
#include "tests/support/local_zone.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"
#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <regex>

namespace nodescope::api {
namespace {

using nodescope::testing::compact_fixture;
using nodescope::testing::local_zone;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;
namespace json = boost::json;

std::uint64_t number(const json::value& from, std::string_view key) { return from.at(key).to_number<std::uint64_t>(); }
std::string text(const json::value& from, std::string_view key) { return std::string(from.at(key).as_string()); }

std::vector<host::huge_page_pool> huge_pages_of(const json::value& from)
{
    std::vector<host::huge_page_pool> pools;
    for (const json::value& one : from.at("hugepages").as_array()) {
        pools.emplace_back(number(one, "page_size"), number(one, "num_pages"));
    }
    return pools;
}

std::vector<host::cpu_cache> caches_of(const json::value& from)
{
    std::vector<host::cpu_cache> out;
    for (const json::value& one : from.at("caches").as_array()) {
        host::cpu_cache& cache = out.emplace_back();
        cache.size = number(one, "size");
        cache.type = text(one, "type");
        cache.level = one.at("level").to_number<int>();
    }
    return out;
}

void read_topology(const json::value& node, host::node_facts& facts)
{
    host::numa_node& numa = facts.topology.emplace_back();
    numa.memory = number(node, "memory");
    numa.huge_pages = huge_pages_of(node);
    numa.caches = caches_of(node);
    numa.distances = {10};
    for (const json::value& one : node.at("cores").as_array()) {
        host::cpu_core& core = numa.cores.emplace_back();
        core.id = one.at("core_id").to_number<int>();
        core.threads = {one.at("thread_ids").at(0).to_number<int>()};
        core.caches = caches_of(one);
    }
}

void read_devices(const json::value& from, host::node_facts& facts)
{
    for (const auto& [key, one] : from.at("disk_map").as_object()) {
        host::block_device& disk = facts.disks.emplace_back();
        disk.name = text(one, "name");
        disk.major = one.at("major").to_number<std::uint32_t>();
        disk.minor = one.at("minor").to_number<std::uint32_t>();
        disk.size = number(one, "size");
        disk.scheduler = text(one, "scheduler");
    }
    for (const json::value& one : from.at("network_devices").as_array()) {
        host::network_device& interface = facts.interfaces.emplace_back();
        interface.name = text(one, "name");
        interface.mac_address = text(one, "mac_address");
        interface.speed = one.at("speed").to_number<std::int64_t>();
        interface.mtu = one.at("mtu").to_number<std::int64_t>();
    }
}

/// What the answer of `machine` was made of.
cadvisor::machine_info fixture_node()
{
    const json::value from = json::parse(compact_fixture("v2.0_machine"));
    cadvisor::machine_info node;
    host::node_facts& facts = node.facts;
    facts.kernel_version = "6.18.44";
    facts.os_name = "Debian GNU/Linux 12 (bookworm)";
    facts.cores = number(from, "num_cores");
    facts.physical_cores = 2;
    facts.sockets = 1;
    facts.cpu_vendor = "GenuineIntel";
    facts.cpu_khz = number(from, "cpu_frequency_khz");
    facts.memory = number(from, "memory_capacity");
    facts.huge_pages = huge_pages_of(from);
    facts.machine_id = text(from, "machine_id");
    facts.system_uuid = text(from, "system_uuid");
    facts.boot_id = text(from, "boot_id");
    read_devices(from, facts);
    read_topology(from.at("topology").at(0), facts);
    host::node_filesystems measured;
    for (const json::value& one : from.at("filesystems").as_array()) {
        host::filesystem_usage& usage = measured.usages.emplace_back();
        usage.device = text(one, "device");
        usage.type = text(one, "type");
        usage.capacity = number(one, "capacity");
        usage.inodes = number(one, "inodes");
        usage.has_inodes = one.at("has_inodes").as_bool();
    }
    node.filesystems = std::make_shared<const host::node_filesystems>(std::move(measured));
    return node;
}

std::string replaced(std::string answer, std::initializer_list<std::pair<const char*, const char*>> rules)
{
    for (const auto& [pattern, with] : rules) answer = std::regex_replace(answer, std::regex(pattern), with);
    return answer;
}

/// The keys that 0.60 has over 0.35, in its order.
std::string without_newer_machine_keys(const std::string& answer)
{
    return replaced(answer, {
                                {R"re("timestamp":"[^"]*","vendor_id":"GenuineIntel",)re", ""},
                                {R"re("num_physical_cores":2,"num_sockets":1,)re", ""},
                                {R"re("swap_capacity":0,"memory_by_type":\{\},"nvm":\{[^}]*\},)re", ""},
                                {R"re(,"uncore_caches":null,"socket_id":0)re", ""},
                                {R"re(,"distances":\[10\])re", ""},
                                {R"re("id":0,"size")re", R"("size")"},
                            });
}

/// Containers by name; everything else is unknown.
class fake_containers final : public cadvisor::containers {
public:
    std::vector<cadvisor::query> asked;
    result<std::vector<cadvisor::container_view>> found{std::vector<cadvisor::container_view>()};

    task<result<std::vector<cadvisor::container_view>>> find(cadvisor::query wanted, deadline) override
    {
        asked.push_back(std::move(wanted));
        co_return found;
    }
    task<result<cadvisor::event_list>> history(cadvisor::event_filter, deadline) override { co_return error(); }
    result<std::unique_ptr<cadvisor::event_stream>> watch(cadvisor::event_filter) override { return error(); }
};

/// The request types over a node that is a directory.
class CadvisorMachine : public ::testing::Test {
protected:
    CadvisorMachine()
    {
        root.write("/proc/meminfo", "MemTotal: 1024 kB\n");
        root.write("/proc/stat", "btime 1000000000\n");
        root.write("/proc/uptime", "100.00 0.00\n");
        for (const char* const pid : {"7", "8"}) {
            const std::string directory = std::string("/proc/") + pid;
            root.write(directory + "/stat", std::string(pid) + " (sh) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 0");
            root.write(directory + "/status", "Tgid:\t7\nUid:\t0\t0\t0\t0\n");
            root.write(directory + "/cgroup", std::string("4:memory:/docker/") + pid + "\n");
            root.write(directory + "/fd/0", "");
        }
        filesystems.usages.resize(2);
        filesystems.usages[0].device = "/dev/vda";
        filesystems.usages[0].mountpoint = "/";
        filesystems.usages[1].device = "/dev/shm";
        filesystems.usages[1].mountpoint = "/dev/shm";
    }

    http::reply ask(const std::string& name, const std::string& container = "/", const std::string& query = {})
    {
        worker_pool pool(1);
        large_answers answers{http::traffic(0).answers};
        cadvisor::machine_collector machine(
            pool,
            [this](deadline) -> task<result<std::shared_ptr<const host::node_filesystems>>> {
                co_return std::make_shared<const host::node_filesystems>(filesystems);
            },
            root.path(), std::chrono::seconds(10));
        cadvisor::engine_facts engine(nullptr);
        cadvisor::process_table_options options;
        options.root = root.path();
        cadvisor::process_table_collector processes(pool, options, std::chrono::seconds(10));
        const auto types = machine_request_types({machine, engine, processes, containers, pool, answers}, "0.1.0");
        for (const cadvisor_request_type& one : types) {
            if (one.name != name) continue;
            EXPECT_EQ(one.version, cadvisor_version::both);
            cadvisor_request asked;
            asked.container = container;
            asked.parameters = url_query(query);
            asked.options = cadvisor_options::parse(asked.parameters).value();
            asked.limit = deadline::in(std::chrono::seconds(10));
            return run_task(one.answer(asked));
        }
        ADD_FAILURE() << "no request type " << name;
        return {};
    }

    temporary_root root;
    host::node_filesystems filesystems;
    fake_containers containers;
};

TEST(CadvisorMachineJson, IsWhatCadvisorSays)
{
    const local_zone utc("UTC");
    const std::string answer = machine_json(fixture_node());

    EXPECT_EQ(without_newer_machine_keys(answer), compact_fixture("v2.0_machine"));
    EXPECT_EQ(answer.substr(0, 90),
              R"({"timestamp":"1970-01-01T00:00:00Z","vendor_id":"GenuineIntel","num_cores":2,"num_physical)");
    EXPECT_NE(answer.find(R"("app direct_mode_capacity":0)"), std::string::npos);
}

// 4.2: hugepages are filled, as 0.60 does.
TEST(CadvisorMachineJson, AttributesAreWhatCadvisorSays)
{
    cadvisor::engine_versions engine;
    engine.engine = "20.10.24+dfsg1";
    engine.api = "1.41";
    const std::string answer = attributes_json(fixture_node(), engine, "");
    const std::string pools = R"re("hugepages":\[[^\]]*\],"filesystems")re";

    EXPECT_EQ(replaced(without_newer_machine_keys(answer), {{pools.c_str(), R"("hugepages":null,"filesystems")"}}),
              compact_fixture("v2.0_attributes"));
    EXPECT_NE(answer.find(R"("num_pages":0}],"filesystems")"), std::string::npos);
}

TEST(CadvisorMachineJson, SaysLittleOfANodeThatSaysNothing)
{
    const local_zone utc("UTC");
    cadvisor::machine_info node;
    node.facts.topology.emplace_back();
    node.facts.topology[0].cores.emplace_back();
    node.facts.modules["<DDR4>"] = {1024, 2};
    EXPECT_EQ(
        machine_json(node),
        R"({"timestamp":"1970-01-01T00:00:00Z","vendor_id":"","num_cores":0,"num_physical_cores":0,"num_sockets":0,)"
        R"("cpu_frequency_khz":0,"memory_capacity":0,"swap_capacity":0,)"
        R"("memory_by_type":{"\u003cDDR4\u003e":{"capacity":1024,"dimm_count":2}},)"
        R"("nvm":{"memory_mode_capacity":0,"app direct_mode_capacity":0,"avg_power_budget":0},"hugepages":null,)"
        R"("machine_id":"","system_uuid":"","boot_id":"","filesystems":[],"disk_map":{},"network_devices":[],)"
        R"("topology":[{"node_id":0,"memory":0,"hugepages":null,"cores":[{"core_id":0,"thread_ids":null,)"
        R"("caches":null,"uncore_caches":null,"socket_id":0}],"caches":null,"distances":null}],)"
        R"("cloud_provider":"Unknown","instance_type":"Unknown","instance_id":"None"})");
}

TEST(CadvisorMachineJson, StorageIsWhatCadvisorSays)
{
    const local_zone utc("UTC");
    std::vector<cadvisor::stored_filesystem> all;
    const json::value from = json::parse(compact_fixture("v2.0_storage"));
    for (const json::value& one : from.as_array()) {
        cadvisor::stored_filesystem& stored = all.emplace_back();
        stored.timestamp = *parse_go_time(text(one, "timestamp"));
        stored.usage.device = text(one, "device");
        stored.usage.mountpoint = text(one, "mountpoint");
        stored.usage.capacity = number(one, "capacity");
        stored.usage.available = number(one, "available");
        stored.usage.usage = number(one, "usage");
        stored.usage.has_inodes = true;
        stored.usage.inodes = number(one, "inodes");
        stored.usage.inodes_free = number(one, "inodes_free");
        for (const json::value& label : one.at("labels").as_array()) stored.labels.emplace_back(label.as_string());
    }
    const std::string answer = storage_json(all);
    EXPECT_EQ(answer, compact_fixture("v2.0_storage"));
    EXPECT_EQ("[" + storage_json(all[0]), answer.substr(0, storage_json(all[0]).size() + 1));

    all[0].usage.has_inodes = false;
    EXPECT_EQ(storage_json(all[0]).find("inodes"), std::string::npos);
    EXPECT_EQ(storage_json(std::vector<cadvisor::stored_filesystem>()), "[]");
}

TEST(CadvisorMachineJson, ProcessesAreWhatCadvisorSays)
{
    cadvisor::process_table table;
    const json::value from = json::parse(compact_fixture("v2.0_ps_fx-limits"));
    for (const json::value& one : from.as_array()) {
        cadvisor::process_row& row = table.rows.emplace_back();
        row.user = text(one, "user");
        row.pid = one.at("pid").to_number<pid_t>();
        row.parent = one.at("parent_pid").to_number<pid_t>();
        row.start_time = text(one, "start_time");
        row.percent_cpu = one.at("percent_cpu").to_number<float>();
        row.percent_memory = one.at("percent_mem").to_number<float>();
        row.rss = number(one, "rss");
        row.vms = number(one, "virtual_size");
        row.status = text(one, "status");
        row.running_time = text(one, "running_time");
        row.command = text(one, "cmd");
        row.fd_count = number(one, "fd_count");
        row.cpu = 1;
    }
    EXPECT_EQ(replaced(process_table_json(table), {{R"re(,"psr":1)re", ""}}), compact_fixture("v2.0_ps_fx-limits"));
    EXPECT_EQ(process_table_json({}), compact_fixture("v2.0_ps_docker_parent"));
}

TEST_F(CadvisorMachine, AnswersAboutTheNode)
{
    EXPECT_EQ(ask("version").text(), R"("0.1.0")");
    const json::value machine = json::parse(ask("machine", "/ignored").text());
    EXPECT_EQ(number(machine, "memory_capacity"), 1048576U);
    EXPECT_EQ(machine.at("filesystems").as_array().size(), 2U);
    const json::value attributes = json::parse(ask("attributes").text());
    EXPECT_EQ(text(attributes, "docker_version"), "Unknown");
    EXPECT_EQ(text(attributes, "cadvisor_version"), "0.1.0");
}

TEST_F(CadvisorMachine, SaysWhyThereIsNoNode)
{
    root.write("/proc/meminfo", "");
    for (const char* const name : {"machine", "attributes"}) {
        const http::reply got = ask(name);
        EXPECT_EQ(got.status, 500U);
        EXPECT_EQ(got.text(), "machine: meminfo: no MemTotal\n");
    }
}

TEST_F(CadvisorMachine, NamesFilesystemsThatHaveNotAnswered)
{
    EXPECT_TRUE(ask("storage").headers.empty());
    filesystems.unanswered = {"/data", "/with\nline"};
    using header = std::pair<std::string, std::string>;
    const std::vector<header> expected{{"X-Unanswered-Filesystems", "/data, /with\\nline"}};
    for (const char* const name : {"storage", "machine"}) {
        const http::reply got = ask(name);
        EXPECT_EQ(got.status, 200U);
        EXPECT_EQ(std::vector<header>(got.headers.begin(), got.headers.end()), expected) << name;
    }
}

TEST_F(CadvisorMachine, FindsStorageByLabelAndByUuid)
{
    EXPECT_EQ(json::parse(ask("storage").text()).as_array().size(), 2U);
    EXPECT_EQ(json::parse(ask("storage", "/", "label=&uuid=").text()).as_array().size(), 2U);
    const json::value labelled = json::parse(ask("storage", "/", "label=root").text());
    ASSERT_EQ(labelled.as_array().size(), 1U);
    EXPECT_EQ(text(labelled.at(0), "device"), "/dev/vda");

    EXPECT_EQ(ask("storage", "/", "label=nope").text(), "non-existent label \"nope\"\n");
    EXPECT_EQ(ask("storage", "/", "label=nope").status, 500U);
    EXPECT_EQ(ask("storage", "/", "uuid=nope&label=root").text(), "cadvisor: no such device\n");
    EXPECT_EQ(ask("storage", "/", "uuid=../../../proc").text(), "cadvisor: no such device\n");

    root.link("/dev/disk/by-uuid/1234-ABCD", "../../vda");
    root.link("/dev/disk/by-uuid/5678", "../../vdz");
    const json::value one = json::parse(ask("storage", "/", "uuid=1234-ABCD").text());
    EXPECT_EQ(text(one, "device"), "/dev/vda");
    EXPECT_EQ(ask("storage", "/", "uuid=5678").text(), "cannot find device \"/dev/vdz\" in partitions\n");

    root.write("/sys/class/block/vdz/dev", "254:9\n");
    filesystems.usages[1].major = 254;
    filesystems.usages[1].minor = 9;
    EXPECT_EQ(text(json::parse(ask("storage", "/", "uuid=5678").text()), "device"), "/dev/shm");
}

// 9: exactly one container; the root lists all processes, with their cgroups.
TEST_F(CadvisorMachine, ListsTheProcessesOfOneContainer)
{
    const json::value all = json::parse(ask("ps").text());
    ASSERT_EQ(all.as_array().size(), 2U);
    EXPECT_EQ(text(all.at(1), "cgroup_path"), "/docker/8");
    EXPECT_TRUE(containers.asked.empty());

    containers.found->emplace_back();
    containers.found->front().name = "/docker/8";
    const json::value some = json::parse(ask("ps", "/c1", "type=docker&recursive=true&count=7&max_age=1s").text());
    ASSERT_EQ(some.as_array().size(), 1U);
    EXPECT_EQ(number(some.at(0), "pid"), 8U);
    EXPECT_EQ(text(some.at(0), "cgroup_path"), "");
    ASSERT_EQ(containers.asked.size(), 1U);
    EXPECT_EQ(containers.asked[0].name, "/c1");
    EXPECT_EQ(containers.asked[0].type, cadvisor::query::naming::by_docker);
    EXPECT_FALSE(containers.asked[0].recursive);
    EXPECT_EQ(containers.asked[0].count, 0);
    EXPECT_FALSE(containers.asked[0].max_age);
}

TEST_F(CadvisorMachine, PassesOnWhyProcessesCannotBeListed)
{
    containers.found = error(failure::gone, "unknown container \"/nope\"");
    EXPECT_EQ(ask("ps", "/nope").text(), "process listing failed: unknown container \"/nope\"\n");
    EXPECT_EQ(ask("ps", "/nope").status, 500U);
    EXPECT_EQ(ask("ps", "/", "type=docker").text(), "process listing failed: unknown container \"/nope\"\n");
    containers.found = std::vector<cadvisor::container_view>(2);
    EXPECT_EQ(ask("ps", "/x").text(), "process listing failed: Expected the request to match only one container\n");
    root.write("/proc/uptime", "");
    EXPECT_EQ(ask("ps").text(), "process listing failed: /proc/uptime: no uptime\n");
}

}  // namespace
}  // namespace nodescope::api
