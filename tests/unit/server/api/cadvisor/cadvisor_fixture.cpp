#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include "server/api/cadvisor/go_values.hpp"
#include "tests/support/fixtures.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace nodescope::testing {

namespace {

namespace json = boost::json;

std::string fixture_text(const std::string& name)
{
    const std::string path = fixture_path("cadvisor/" + name + ".json");
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("no fixture " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::uint64_t number(const json::object& from, std::string_view key)
{
    const json::value* const found = from.if_contains(key);
    return found == nullptr ? 0 : found->to_number<std::uint64_t>();
}

std::string text(const json::object& from, std::string_view key)
{
    const json::value* const found = from.if_contains(key);
    return found == nullptr ? std::string() : std::string(found->as_string());
}

bool flag(const json::object& from, std::string_view key)
{
    const json::value* const found = from.if_contains(key);
    return found != nullptr && found->as_bool();
}

cadvisor::time_point time(const json::object& from, std::string_view key)
{
    return api::parse_go_time(text(from, key)).value();
}

template <class Group>
std::shared_ptr<const Group> shared(Group group)
{
    return std::make_shared<const Group>(std::move(group));
}

std::map<std::string, std::string> texts(const json::object& from, std::string_view key)
{
    std::map<std::string, std::string> out;
    if (const json::value* const found = from.if_contains(key)) {
        for (const auto& [name, value] : found->as_object()) out[std::string(name)] = std::string(value.as_string());
    }
    return out;
}

cadvisor::container_spec spec_of(const json::object& from)
{
    cadvisor::container_spec out;
    out.creation_time = time(from, "creation_time");
    if (const json::value* const aliases = from.if_contains("aliases")) {
        for (const json::value& alias : aliases->as_array()) out.aliases.emplace_back(alias.as_string());
    }
    out.name_space = text(from, "namespace");
    out.labels = texts(from, "labels");
    out.envs = texts(from, "envs");
    out.image = text(from, "image");
    const json::object& cpu = from.at("cpu").as_object();
    out.limits.has_cpu = flag(from, "has_cpu");
    out.limits.cpu_shares = number(cpu, "limit");
    out.limits.cpu_mask = text(cpu, "mask");
    out.limits.cpu_quota = 50'000;  // never shown by cAdvisor 0.35
    out.limits.cpu_period = 100'000;
    const json::object& memory = from.at("memory").as_object();
    out.limits.has_memory = flag(from, "has_memory");
    out.limits.memory_limit = number(memory, "limit");
    out.limits.memory_reservation = number(memory, "reservation");
    out.limits.swap_limit = number(memory, "swap_limit");
    out.limits.has_processes = flag(from, "has_processes");
    out.limits.processes_limit = 50;  // likewise
    out.limits.has_io = flag(from, "has_diskio");
    out.has_network = flag(from, "has_network");
    out.has_filesystem = flag(from, "has_filesystem");
    return out;
}

host::cpu_usage cpu_of(const json::object& from)
{
    host::cpu_usage out;
    const json::object& usage = from.at("usage").as_object();
    out.total = number(usage, "total");
    out.user = number(usage, "user");
    out.system = number(usage, "system");
    if (const json::value* const each = usage.if_contains("per_cpu_usage")) {
        for (const json::value& one : each->as_array()) out.per_cpu.push_back(one.to_number<std::uint64_t>());
    }
    const json::object& cfs = from.at("cfs").as_object();
    out.periods = number(cfs, "periods");
    out.throttled_periods = number(cfs, "throttled_periods");
    out.throttled_time = number(cfs, "throttled_time");
    return out;
}

host::memory_usage memory_of(const json::object& from)
{
    host::memory_usage out;
    out.usage = number(from, "usage");
    out.max_usage = number(from, "max_usage");
    out.cache = number(from, "cache");
    out.rss = number(from, "rss");
    out.swap = number(from, "swap");
    out.mapped_file = number(from, "mapped_file");
    out.working_set = number(from, "working_set");
    out.fail_count = number(from, "failcnt");
    out.page_faults = number(from.at("container_data").as_object(), "pgfault");
    out.major_page_faults = number(from.at("container_data").as_object(), "pgmajfault");
    return out;
}

host::io_usage io_of(const json::object& from)
{
    constexpr std::array<std::string_view, 8> lists{"io_service_bytes", "io_serviced",  "io_queued", "sectors",
                                                    "io_service_time",  "io_wait_time", "io_merged", "io_time"};
    constexpr std::array<std::string_view, 7> operations{"Async", "Count", "Discard", "Read", "Sync", "Total", "Write"};
    host::io_usage out;
    for (std::size_t list = 0; list < lists.size(); ++list) {
        const json::value* const entries = from.if_contains(lists.at(list));
        if (entries == nullptr) continue;
        for (const json::value& each : entries->as_array()) {
            host::io_entry& entry = out.emplace_back();
            entry.list = static_cast<host::io_list>(list);
            entry.major = static_cast<std::uint32_t>(number(each.as_object(), "major"));
            entry.minor = static_cast<std::uint32_t>(number(each.as_object(), "minor"));
            for (std::size_t at = 0; at < operations.size(); ++at) {
                const json::value* const figure = each.at("stats").as_object().if_contains(operations.at(at));
                if (figure != nullptr)
                    entry.set(static_cast<host::io_operation>(at), figure->to_number<std::uint64_t>());
            }
        }
    }
    return out;
}

host::network_usage network_of(const json::object& from)
{
    host::network_usage out;
    const json::value* const interfaces = from.if_contains("interfaces");
    if (interfaces == nullptr) return out;
    for (const json::value& each : interfaces->as_array()) {
        const json::object& fields = each.as_object();
        host::interface_counters& one = out.interfaces.emplace_back();
        one.name = text(fields, "name");
        one.rx_bytes = number(fields, "rx_bytes");
        one.rx_packets = number(fields, "rx_packets");
        one.rx_errors = number(fields, "rx_errors");
        one.rx_dropped = number(fields, "rx_dropped");
        one.tx_bytes = number(fields, "tx_bytes");
        one.tx_packets = number(fields, "tx_packets");
        one.tx_errors = number(fields, "tx_errors");
        one.tx_dropped = number(fields, "tx_dropped");
    }
    return out;
}

host::process_usage processes_of(const json::object& from)
{
    host::process_usage out;
    out.process_count = number(from, "process_count");
    out.fd_count = number(from, "fd_count");
    out.socket_count = number(from, "socket_count");
    out.threads_current = number(from, "threads_current");
    out.threads_max = number(from, "threads_max");
    return out;
}

host::disk_counters disk_of(const json::object& from, const char* time_suffix, std::uint64_t per_millisecond)
{
    const auto time_of = [&](const char* what) {
        return number(from, what + std::string(time_suffix)) / per_millisecond;
    };
    host::disk_counters out;
    out.reads_completed = number(from, "reads_completed");
    out.reads_merged = number(from, "reads_merged");
    out.sectors_read = number(from, "sectors_read");
    out.read_time = time_of("read_");
    out.writes_completed = number(from, "writes_completed");
    out.writes_merged = number(from, "writes_merged");
    out.sectors_written = number(from, "sectors_written");
    out.write_time = time_of("write_");
    out.io_in_progress = number(from, "io_in_progress");
    out.io_time = time_of("io_");
    out.weighted_io_time = time_of("weighted_io_");
    return out;
}

/// All three shapes: of v2.0, of v2.1 and of machinestats.
std::vector<host::filesystem_usage> filesystems_of(const json::value& from)
{
    std::vector<host::filesystem_usage> out;
    if (const json::object* const share = from.if_object()) {
        host::filesystem_usage& one = out.emplace_back();
        one.usage = number(*share, "totalUsageBytes");
        one.base_usage = number(*share, "baseUsageBytes");
        one.inodes = number(*share, "containter_inode_usage");
        return out;
    }
    for (const json::value& each : from.as_array()) {
        const json::object& fields = each.as_object();
        host::filesystem_usage& one = out.emplace_back();
        one.device = text(fields, "device");
        one.type = text(fields, "type");
        one.capacity = number(fields, "capacity");
        one.usage = number(fields, "usage");
        one.base_usage = number(fields, "base_usage");
        one.available = number(fields, "available");
        one.inodes = number(fields, "inodes");
        one.inodes_free = number(fields, "inodes_free");
        if (const json::value* const nested = fields.if_contains("inline")) {
            one.has_inodes = fields.contains("inodes_free");
            one.disk = disk_of(nested->as_object(), "duration", 1'000'000);
        } else {
            one.has_inodes = flag(fields, "has_inodes");
            one.disk = disk_of(fields, "time", 1);
        }
    }
    return out;
}

cadvisor::sample sample_of(const json::object& from)
{
    cadvisor::sample out;
    out.timestamp = time(from, "timestamp");
    const auto group = [&](std::string_view key) { return from.if_contains(key); };
    if (const auto* const cpu = group("cpu")) out.cpu = shared(cpu_of(cpu->as_object()));
    if (const auto* const memory = group("memory")) out.memory = shared(memory_of(memory->as_object()));
    if (const auto* const io = group("diskio")) out.io = shared(io_of(io->as_object()));
    if (const auto* const network = group("network")) out.network = shared(network_of(network->as_object()));
    if (const auto* const processes = group("processes")) out.processes = shared(processes_of(processes->as_object()));
    if (const auto* const list = group("filesystem")) out.filesystems = shared(filesystems_of(*list));
    return out;
}

/// What a container must have been given for its samples (of v2.0) to look as they do.
cadvisor::container_spec spec_behind(const json::object& sample)
{
    cadvisor::container_spec out;
    out.limits.has_cpu = flag(sample, "has_cpu");
    out.limits.has_io = flag(sample, "has_diskio");
    out.limits.has_memory = flag(sample, "has_memory");
    out.has_network = flag(sample, "has_network");
    out.has_filesystem = flag(sample, "has_filesystem");
    return out;
}

cadvisor::percentiles percentiles_of(const json::object& from)
{
    cadvisor::percentiles out;
    out.present = flag(from, "present");
    out.mean = number(from, "mean");
    out.max = number(from, "max");
    out.fifty = number(from, "fifty");
    out.ninety = number(from, "ninety");
    out.ninety_five = number(from, "ninetyfive");
    out.standard_deviation = 7;  // never shown by cAdvisor 0.35
    out.count = 60;
    return out;
}

cadvisor::period_usage period_of(const json::object& from)
{
    cadvisor::period_usage out;
    out.percent_complete = static_cast<int>(number(from, "percent_complete"));
    out.cpu = percentiles_of(from.at("cpu").as_object());
    out.memory = percentiles_of(from.at("memory").as_object());
    return out;
}

cadvisor::usage_summary summary_of(const json::object& from)
{
    cadvisor::usage_summary out;
    out.timestamp = time(from, "timestamp");
    out.latest_cpu = number(from.at("latest_usage").as_object(), "cpu");
    out.latest_memory = number(from.at("latest_usage").as_object(), "memory");
    out.minute = period_of(from.at("minute_usage").as_object());
    out.hour = period_of(from.at("hour_usage").as_object());
    out.day = period_of(from.at("day_usage").as_object());
    return out;
}

void add_samples(cadvisor::container_view& to, const json::array& samples)
{
    for (const json::value& each : samples) to.samples.push_back(sample_of(each.as_object()));
}

cadvisor::container_view view_of(std::string_view name, const json::value& value)
{
    cadvisor::container_view out;
    out.name = name;
    if (const json::array* const samples = value.if_array()) {
        out.spec = shared(spec_behind(samples->at(0).as_object()));
        add_samples(out, *samples);
    } else if (const json::object& fields = value.as_object(); fields.contains("spec")) {
        out.spec = shared(spec_of(fields.at("spec").as_object()));
        if (const json::value* const stats = fields.if_contains("stats")) add_samples(out, stats->as_array());
    } else if (fields.contains("latest_usage")) {
        out.summary = summary_of(fields);
    } else {
        out.spec = shared(spec_of(fields));
    }
    return out;
}

}  // namespace

std::string compact_fixture(const std::string& name)
{
    std::string out;
    bool in_string = false;
    bool escaped = false;
    for (const char c : fixture_text(name)) {
        if (!in_string && (c == ' ' || c == '\n')) continue;
        out += c;
        if (c == '"' && !escaped) in_string = !in_string;
        escaped = in_string && c == '\\' && !escaped;
    }
    return out;
}

std::vector<cadvisor::container_view> views_of_fixture(const std::string& name)
{
    std::vector<cadvisor::container_view> out;
    const json::value parsed = json::parse(fixture_text(name));
    if (const json::array* const samples = parsed.if_array()) {
        cadvisor::container_view& node = out.emplace_back();
        node.name = "/";
        cadvisor::container_spec spec;
        spec.limits.has_cpu = spec.limits.has_memory = spec.has_network = spec.has_filesystem = true;
        node.spec = shared(spec);
        add_samples(node, *samples);
        return out;
    }
    for (const auto& [key, value] : parsed.as_object()) out.push_back(view_of(key, value));
    return out;
}

std::vector<cadvisor::event> events_of_fixture(const std::string& name)
{
    using kind = cadvisor::event::kind;
    std::vector<cadvisor::event> out;
    const json::value parsed = json::parse(fixture_text(name));
    for (const json::value& each : parsed.as_array()) {
        const json::object& fields = each.as_object();
        cadvisor::event& one = out.emplace_back();
        one.container_name = text(fields, "container_name");
        one.timestamp = time(fields, "timestamp");
        const std::string type = text(fields, "event_type");
        one.type = type == "oom"                 ? kind::oom
                   : type == "oomKill"           ? kind::oom_kill
                   : type == "containerCreation" ? kind::creation
                                                 : kind::deletion;
        const json::object& data = fields.at("event_data").as_object();
        if (const json::value* const oom = data.if_contains("oom")) {
            one.pid = static_cast<std::int64_t>(number(oom->as_object(), "pid"));
            one.process_name = text(oom->as_object(), "process_name");
            one.constraint = "CONSTRAINT_MEMCG";  // never shown by cAdvisor 0.35
        }
    }
    return out;
}

api::device_naming fixture_devices()
{
    return [](std::uint32_t major, std::uint32_t minor, bool) {
        return major == 254 && minor == 0 ? std::string("/dev/vda") : std::string();
    };
}

}  // namespace nodescope::testing
