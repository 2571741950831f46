#include "collectors/host/cgroup/cgroup_reader.hpp"

#include "collectors/host/cgroup/cgroup_text.hpp"
#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace nodescope::host {

namespace {

// One measurement under way.
struct measuring {
    cgroup_files& files;
    cgroup_text_buffer buffer;

    explicit measuring(cgroup_files& of) : files(of) {}
    std::optional<std::string_view> text(cgroup_controller controller, std::string_view name)
    {
        return files.read(controller, name, buffer);
    }
    // Sets `into` if the file is there and a number. True then.
    bool figure(cgroup_controller controller, std::string_view name, std::uint64_t& into)
    {
        const auto read = text(controller, name);
        const auto value = read ? parse_figure(*read) : std::nullopt;
        if (value) into = *value;
        return value.has_value();
    }
    // `most` where it is known.
    void threads(std::optional<std::uint64_t> most, std::optional<process_usage>& into)
    {
        process_usage processes;
        if (!figure(cgroup_controller::pids, "pids.current", processes.threads_current)) return;
        if (most) processes.threads_max = *most;
        else figure(cgroup_controller::pids, "pids.max", processes.threads_max);
        if (processes.threads_max == cgroup_limits::unlimited) processes.threads_max = 0;
        into = processes;
    }
};

// The sum of the CPUs is what cpuacct.usage would say, taken at the same time (kernel/sched/cpuacct.c).
std::optional<cpu_usage> read_cpu_v1(measuring& now)
{
    using enum cgroup_controller;
    cpu_usage used;
    if (const auto text = now.text(cpuacct, "cpuacct.usage_percpu")) used.per_cpu = parse_cpu_list(*text);
    used.total = std::accumulate(used.per_cpu.begin(), used.per_cpu.end(), std::uint64_t{0});
    const auto times = now.text(cpuacct, "cpuacct.stat");
    if (times) parse_cpuacct_stat(*times, used);
    const auto stat = now.text(cpu, "cpu.stat");
    if (stat) parse_cpu_stat_v1(*stat, used);
    if (used.per_cpu.empty() && !times && !stat) return std::nullopt;
    return used;
}

std::optional<memory_usage> read_memory_v1(measuring& now, bool hierarchical)
{
    using enum cgroup_controller;
    memory_usage used;
    const bool has_usage = now.figure(memory, "memory.usage_in_bytes", used.usage);
    const auto text = now.text(memory, "memory.stat");
    const bool has_stat = text && parse_memory_stat_v1(*text, hierarchical, used);
    if (!has_usage && !has_stat) return std::nullopt;
    now.figure(memory, "memory.max_usage_in_bytes", used.max_usage);
    now.figure(memory, "memory.failcnt", used.fail_count);
    now.figure(memory, "memory.kmem.usage_in_bytes", used.kernel);
    set_working_set(used);
    return used;
}

// The lists of block I/O that each part of the kernel may keep, with the middle of their files' names.
struct named_list {
    std::string_view name;
    io_list list;
};
constexpr std::array io_lists{
    named_list{"io_serviced", io_list::serviced},
    named_list{"io_service_bytes", io_list::service_bytes},
    named_list{"io_queued", io_list::queued},
    named_list{"sectors", io_list::sectors},
    named_list{"io_service_time", io_list::service_time},
    named_list{"io_wait_time", io_list::wait_time},
    named_list{"io_merged", io_list::merged},
    named_list{"time", io_list::time},
};

// Who keeps the lists is told by the first one having entries: the scheduler in charge (BFQ, before Linux 5.0 CFQ),
// else what throttling counts, which are the first two lists alone.
struct list_keeper {
    std::string_view before;
    std::string_view after;
    std::size_t lists;
};
constexpr std::array io_keepers{
    list_keeper{"blkio.bfq.", "_recursive", io_lists.size()},
    list_keeper{"blkio.", "_recursive", io_lists.size()},
    list_keeper{"blkio.throttle.", "", 2},
};

constexpr std::size_t bfq = 0;

using io_names = std::array<std::array<std::string, io_lists.size()>, io_keepers.size()>;

io_names make_io_names()
{
    io_names names;
    for (std::size_t k = 0; k < io_keepers.size(); ++k) {
        const list_keeper& keeper = io_keepers.at(k);
        for (std::size_t i = 0; i < keeper.lists; ++i) {
            names.at(k).at(i) = fmt::format("{}{}{}", keeper.before, io_lists.at(i).name, keeper.after);
        }
    }
    return names;
}

io_usage read_io_v1(measuring& now)
{
    static const io_names names = make_io_names();
    io_usage io;
    for (std::size_t k = now.files.bfq_counts() ? bfq : bfq + 1; k < io_keepers.size(); ++k) {
        for (std::size_t i = 0; i < io_keepers.at(k).lists; ++i) {
            const auto text = now.text(cgroup_controller::blkio, names.at(k).at(i));
            if (text) parse_blkio(*text, io_lists.at(i).list, io);
            if (io.empty()) break;
        }
        if (!io.empty()) break;
    }
    sort_io(io);
    return io;
}

std::optional<pressures> read_pressures(measuring& now)
{
    pressures all;
    bool any = false;
    const auto take = [&](std::string_view name, pressure& into) {
        const auto text = now.text(cgroup_controller::pressure, name);
        const auto parsed = text ? parse_pressure(*text) : std::nullopt;
        if (parsed) into = *parsed;
        any = any || parsed.has_value();
    };
    take("cpu.pressure", all.cpu);
    take("memory.pressure", all.memory);
    take("io.pressure", all.io);
    if (!any) return std::nullopt;
    return all;
}

cgroup_figures read_v1(cgroup_files& files, bool hierarchical, std::optional<std::uint64_t> most_threads)
{
    measuring now(files);
    cgroup_figures figures;
    figures.cpu = read_cpu_v1(now);
    figures.memory = read_memory_v1(now, hierarchical);
    if (files.has_directory(cgroup_controller::blkio)) figures.io = read_io_v1(now);
    now.threads(most_threads, figures.processes);
    figures.pressures = read_pressures(now);
    return figures;
}

// The root cgroup has no memory.current and no memory.swap.current: it is the machine. What the kernel itself takes
// counts as everywhere.
void complete_root_memory(const std::string& root, bool has_stat, memory_usage& used)
{
    const std::string meminfo = blocking_read_meminfo(root);
    const std::uint64_t total = parse_meminfo(meminfo, "SwapTotal");
    used.swap = total - std::min(total, parse_meminfo(meminfo, "SwapFree"));
    if (!has_stat) {
        used.rss = parse_meminfo(meminfo, "AnonPages");
        used.cache = parse_meminfo(meminfo, "Cached");
        used.mapped_file = parse_meminfo(meminfo, "Mapped");
        used.inactive_file = parse_meminfo(meminfo, "Inactive(file)");
        used.active_file = parse_meminfo(meminfo, "Active(file)");
    }
    const std::uint64_t memory = parse_meminfo(meminfo, "MemTotal");
    const std::uint64_t unused = parse_meminfo(meminfo, "MemFree");
    used.usage = unused == 0 ? used.rss + used.cache + used.kernel : memory - std::min(memory, unused);
}

std::optional<memory_usage> read_memory_v2(measuring& now)
{
    using enum cgroup_controller;
    memory_usage used;
    const bool has_current = now.figure(memory, "memory.current", used.usage);
    const auto text = now.text(memory, "memory.stat");
    const bool has_stat = text && parse_memory_stat_v2(*text, used);
    const bool is_machine = now.files.path() == "/" && !has_current;
    if (!has_current && !has_stat && !is_machine) return std::nullopt;
    now.figure(memory, "memory.peak", used.max_usage);
    now.figure(memory, "memory.swap.current", used.swap);
    if (const auto events = now.text(memory, "memory.events")) parse_memory_events(*events, used);
    if (const auto events = now.text(memory, "memory.swap.events")) parse_swap_events(*events, used);
    if (is_machine) complete_root_memory(now.files.layout().root, has_stat, used);
    set_working_set(used);
    return used;
}

cgroup_figures read_v2(cgroup_files& files, std::optional<std::uint64_t> most_threads)
{
    using enum cgroup_controller;
    measuring now(files);
    cgroup_figures figures;
    cpu_usage used;
    const auto cpu_text = now.text(cpu, "cpu.stat");
    if (cpu_text && parse_cpu_stat_v2(*cpu_text, used)) figures.cpu = std::move(used);
    figures.memory = read_memory_v2(now);
    if (const auto io = now.text(blkio, "io.stat")) {
        parse_io_stat(*io, figures.io.emplace());
        sort_io(*figures.io);
    }
    now.threads(most_threads, figures.processes);
    figures.pressures = read_pressures(now);
    return figures;
}

// The limits, each from a file of its own that is read when asked for.
class limit_reading {
public:
    explicit limit_reading(const cgroup_files& files) : files_(files) {}

    std::optional<std::string_view> text(cgroup_controller controller, std::string_view name)
    {
        return files_.read_once(controller, name, buffer_);
    }
    std::uint64_t figure(cgroup_controller controller, std::string_view name)
    {
        const auto read = text(controller, name);
        return read ? parse_figure(*read).value_or(0) : 0;
    }
    std::string word(cgroup_controller controller, std::string_view name)
    {
        return std::string(fields(text(controller, name).value_or(std::string_view())).next());
    }

private:
    const cgroup_files& files_;
    cgroup_text_buffer buffer_;
};

cgroup_limits limits_v1(cgroup_files& files)
{
    using enum cgroup_controller;
    limit_reading file(files);
    cgroup_limits limits;
    limits.cpu_shares = file.figure(cpu, "cpu.shares");
    // -1 is no quota, and no number here.
    if (const auto quota = file.figure(cpu, "cpu.cfs_quota_us"); quota != 0) limits.cpu_quota = quota;
    limits.cpu_period = file.figure(cpu, "cpu.cfs_period_us");
    limits.memory_limit = file.figure(memory, "memory.limit_in_bytes");
    limits.memory_reservation = file.figure(memory, "memory.soft_limit_in_bytes");
    limits.swap_limit = file.figure(memory, "memory.memsw.limit_in_bytes");
    limits.processes_limit = file.figure(cgroup_controller::pids, "pids.max");
    limits.has_cpu = files.has_directory(cpu) || files.has_directory(cpuset);
    limits.has_memory = files.has_directory(memory);
    limits.has_io = files.has_directory(blkio);
    limits.has_processes = files.has_file(pids, "pids.current");
    return limits;
}

cgroup_limits limits_v2(cgroup_files& files)
{
    using enum cgroup_controller;
    limit_reading file(files);
    cgroup_limits limits;
    limits.cpu_shares = shares_of_weight(file.figure(cpu, "cpu.weight"));
    if (const auto text = file.text(cpu, "cpu.max")) parse_cpu_max(*text, limits);
    limits.memory_limit = file.figure(memory, "memory.max");
    // What --memory-reservation sets, and what the kubelet sets for a request.
    limits.memory_reservation = std::max(file.figure(memory, "memory.low"), file.figure(memory, "memory.min"));
    limits.swap_limit = file.figure(memory, "memory.swap.max");
    limits.processes_limit = file.figure(cgroup_controller::pids, "pids.max");
    limits.has_cpu = true;
    limits.has_memory = limits.memory_limit != 0 || files.has_file(memory, "memory.stat");
    limits.has_io = true;
    limits.has_processes = files.has_file(pids, "pids.current");
    return limits;
}

// Changes without a write where a processor of the node goes, and in v2 with the cgroups above.
std::string cpu_mask(const cgroup_files& files)
{
    const bool unified = files.layout().version == cgroup_version::v2;
    return limit_reading(files).word(cgroup_controller::cpuset, unified ? "cpuset.cpus.effective" : "cpuset.cpus");
}

}  // namespace

result<cgroup_reader> cgroup_reader::blocking_open(std::shared_ptr<cgroup_tree> tree, std::string_view path)
{
    auto files = cgroup_files::blocking_open(std::move(tree), path);
    if (!files) return files.error();
    cgroup_reader opened(std::move(*files));
    if (!opened.unified()) {
        cgroup_text_buffer buffer;
        const auto text = opened.files_.read_once(cgroup_controller::memory, "memory.use_hierarchy", buffer);
        opened.hierarchical_ = !text || parse_figure(*text) != 0U;
    }
    return opened;
}

error cgroup_reader::gone() const { return {failure::gone, fmt::format("cgroup {}: it was removed", path())}; }

result<cgroup_figures> cgroup_reader::blocking_read()
{
    std::optional<std::uint64_t> most_threads;
    if (knows_limits()) most_threads = limits_.processes_limit;
    cgroup_figures figures = unified() ? read_v2(files_, most_threads) : read_v1(files_, hierarchical_, most_threads);
    // Asked last: what was read before is then this cgroup's, unless it says gone.
    if (!files_.still_there()) return gone();
    return figures;
}

std::optional<oom_kill_counts> cgroup_reader::blocking_oom_kills()
{
    cgroup_text_buffer buffer;
    const auto text =
        files_.read(cgroup_controller::memory, unified() ? "memory.events" : "memory.oom_control", buffer);
    if (!text) return std::nullopt;
    oom_kill_counts kills;
    const auto all = parse_oom_kills(*text);
    kills.counted = all.has_value();
    kills.all = kills.here = all.value_or(0);
    if (!unified()) return kills;
    const auto local = files_.read(cgroup_controller::memory, "memory.events.local", buffer);
    if (const auto here = local ? parse_oom_kills(*local) : std::nullopt) kills.here = *here;
    return kills;
}

bool cgroup_reader::knows_limits() const
{
    return watched_ && !watched_->has_news() && steady_clock::now() - limits_read_ < limits_lifetime;
}

void cgroup_reader::read_limits()
{
    if (watched_ && watched_->is_over()) watched_.reset();
    if (!watched_) watched_ = files_.blocking_watch_limits();
    if (watched_) watched_->expect_news();
    limits_ = unified() ? limits_v2(files_) : limits_v1(files_);
    limits_read_ = steady_clock::now();
}

result<cgroup_limits> cgroup_reader::blocking_limits()
{
    if (!knows_limits()) read_limits();
    cgroup_limits limits = limits_;
    limits.cpu_mask = cpu_mask(files_);
    if (!files_.still_there()) return gone();
    if (path() == "/") {
        const std::string meminfo = blocking_read_meminfo(files_.layout().root);
        limits.memory_limit = parse_meminfo(meminfo, "MemTotal");
        limits.swap_limit = parse_meminfo(meminfo, "SwapTotal");
    }
    return limits;
}

result<std::vector<pid_t>> cgroup_reader::blocking_processes(std::size_t limit) const
{
    cgroup_text_buffer buffer;
    const auto text = files_.read_list(cgroup_controller::cpu, "cgroup.procs", buffer);
    std::vector<pid_t> processes;
    for_each_line(text.value_or(std::string_view()), [&](std::string_view line) {
        const auto pid = whole_number<pid_t>(line);
        if (pid && *pid > 0) processes.push_back(*pid);
        return processes.size() < limit;
    });
    if (!text && !files_.still_there()) return gone();
    return processes;
}

}  // namespace nodescope::host
