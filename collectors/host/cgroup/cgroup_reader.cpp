#include "collectors/host/cgroup/cgroup_reader.hpp"

#include "collectors/host/cgroup/cgroup_places.hpp"
#include "collectors/host/cgroup/cgroup_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace nodescope::host {

namespace {

constexpr std::size_t meminfo_limit_bytes = 64UL * 1024UL;

// One measurement under way.
struct measuring {
    cgroup_files& files;
    cgroup_text_buffer buffer;

    explicit measuring(cgroup_files& of) : files(of) {}
    std::optional<std::string_view> text(std::size_t file) { return files.read(file, buffer); }
    // Sets `into` if the file is there and a number. True then.
    bool figure(std::size_t file, std::uint64_t& into)
    {
        const auto read = text(file);
        const auto value = read ? parse_figure(*read) : std::nullopt;
        if (value) into = *value;
        return value.has_value();
    }
    void threads(std::size_t current, std::size_t maximum, std::optional<process_usage>& into)
    {
        process_usage processes;
        if (!figure(current, processes.threads_current)) return;
        if (figure(maximum, processes.threads_max) && processes.threads_max == cgroup_limits::unlimited) {
            processes.threads_max = 0;
        }
        into = processes;
    }
};

// The sum of the CPUs is what cpuacct.usage would say, taken at the same time (kernel/sched/cpuacct.c).
void read_cpu_v1(measuring& now, std::optional<cpu_usage>& into)
{
    cpu_usage cpu;
    if (const auto text = now.text(v1::per_cpu)) cpu.per_cpu = parse_cpu_list(*text);
    cpu.total = std::accumulate(cpu.per_cpu.begin(), cpu.per_cpu.end(), std::uint64_t{0});
    const auto times = now.text(v1::cpu_times);
    if (times) parse_cpuacct_stat(*times, cpu);
    const auto stat = now.text(v1::cpu_stat);
    if (stat) parse_cpu_stat_v1(*stat, cpu);
    if (!cpu.per_cpu.empty() || times || stat) into = std::move(cpu);
}

void read_memory_v1(measuring& now, bool hierarchical, std::optional<memory_usage>& into)
{
    memory_usage memory;
    bool any = now.figure(v1::usage, memory.usage);
    if (const auto text = now.text(v1::memory_stat)) any = parse_memory_stat_v1(*text, hierarchical, memory) || any;
    now.figure(v1::max_usage, memory.max_usage);
    now.figure(v1::fail_count, memory.fail_count);
    now.figure(v1::kernel, memory.kernel);
    set_working_set(memory);
    if (any) into = memory;
}

io_usage read_io_v1(measuring& now)
{
    io_usage io;
    for (std::size_t first = v1::first_io; first < v1::places.size() && io.empty(); first += v1::io_lists.size()) {
        const std::size_t end = std::min(first + v1::io_lists.size(), v1::places.size());
        for (std::size_t file = first; file < end; ++file) {
            if (const auto text = now.text(file)) parse_blkio(*text, v1::io_lists.at(file - first), io);
            if (io.empty()) break;
        }
    }
    sort_io(io);
    return io;
}

cgroup_figures read_v1(cgroup_files& files, bool hierarchical)
{
    measuring now(files);
    cgroup_figures figures;
    read_cpu_v1(now, figures.cpu);
    read_memory_v1(now, hierarchical, figures.memory);
    if (files.has_directory(cgroup_controller::blkio)) figures.io = read_io_v1(now);
    now.threads(v1::threads, v1::threads_max, figures.processes);
    return figures;
}

std::string read_meminfo(const std::string& root)
{
    auto file = files::read_file({root, "/proc/meminfo"}, meminfo_limit_bytes);
    return file ? std::move(file->text) : std::string();
}

// The root cgroup has no memory.current and no memory.swap.current: it is the machine.
void complete_root_memory(const std::string& root, memory_usage& memory)
{
    memory.usage = memory.rss + memory.cache;
    const std::string meminfo = read_meminfo(root);
    const std::uint64_t total = parse_meminfo(meminfo, "SwapTotal");
    memory.swap = total - std::min(total, parse_meminfo(meminfo, "SwapFree"));
}

void read_memory_v2(measuring& now, std::optional<memory_usage>& into)
{
    memory_usage memory;
    const bool has_current = now.figure(v2::current, memory.usage);
    const auto text = now.text(v2::memory_stat);
    const bool has_stat = text && parse_memory_stat_v2(*text, memory);
    if (!has_current && !has_stat) return;
    now.figure(v2::peak, memory.max_usage);
    now.figure(v2::swap, memory.swap);
    if (const auto events = now.text(v2::events)) parse_memory_events(*events, memory);
    if (now.files.path() == "/" && !has_current) complete_root_memory(now.files.layout().root, memory);
    set_working_set(memory);
    into = memory;
}

cgroup_figures read_v2(cgroup_files& files)
{
    measuring now(files);
    cgroup_figures figures;
    cpu_usage cpu;
    const auto cpu_text = now.text(v2::cpu_stat);
    if (cpu_text && parse_cpu_stat_v2(*cpu_text, cpu)) figures.cpu = std::move(cpu);
    read_memory_v2(now, figures.memory);
    if (const auto io = now.text(v2::io_stat)) {
        parse_io_stat(*io, figures.io.emplace());
        sort_io(*figures.io);
    }
    now.threads(v2::threads, v2::threads_max, figures.processes);

    pressures all;
    bool any = false;
    const auto take = [&](std::size_t file, pressure& into) {
        const auto text = now.text(file);
        const auto parsed = text ? parse_pressure(*text) : std::nullopt;
        if (parsed) into = *parsed;
        any = any || parsed.has_value();
    };
    take(v2::cpu_pressure, all.cpu);
    take(v2::memory_pressure, all.memory);
    take(v2::io_pressure, all.io);
    if (any) figures.pressures = all;
    return figures;
}

// The limits, each from a file of its own that is read when asked for.
class limit_reading {
public:
    explicit limit_reading(const cgroup_files& files) : files_(files) {}

    std::optional<std::string_view> text(cgroup_controller controller, const char* name)
    {
        return files_.read_once({controller, name}, buffer_);
    }
    std::uint64_t figure(cgroup_controller controller, const char* name)
    {
        const auto read = text(controller, name);
        return read ? parse_figure(*read).value_or(0) : 0;
    }
    std::string word(cgroup_controller controller, const char* name)
    {
        return std::string(fields(text(controller, name).value_or(std::string_view())).next());
    }

private:
    const cgroup_files& files_;
    cgroup_text_buffer buffer_;
};

cgroup_limits limits_v1(const cgroup_files& files)
{
    using enum cgroup_controller;
    limit_reading file(files);
    cgroup_limits limits;
    limits.cpu_shares = file.figure(cpu, "cpu.shares");
    // -1 is no quota, and no number here.
    if (const auto quota = file.figure(cpu, "cpu.cfs_quota_us"); quota != 0) limits.cpu_quota = quota;
    limits.cpu_period = file.figure(cpu, "cpu.cfs_period_us");
    limits.cpu_mask = file.word(cpuset, "cpuset.cpus");
    limits.memory_limit = file.figure(memory, "memory.limit_in_bytes");
    limits.memory_reservation = file.figure(memory, "memory.soft_limit_in_bytes");
    limits.swap_limit = file.figure(memory, "memory.memsw.limit_in_bytes");
    limits.processes_limit = file.figure(pids, "pids.max");
    limits.has_cpu = files.has_directory(cpu) || files.has_directory(cpuset);
    limits.has_memory = files.has_directory(memory);
    limits.has_io = files.has_directory(blkio);
    limits.has_processes = files.has_file(v1::threads);
    return limits;
}

cgroup_limits limits_v2(const cgroup_files& files)
{
    using enum cgroup_controller;
    limit_reading file(files);
    cgroup_limits limits;
    limits.cpu_shares = shares_of_weight(file.figure(cpu, "cpu.weight"));
    if (const auto text = file.text(cpu, "cpu.max")) parse_cpu_max(*text, limits);
    limits.cpu_mask = file.word(cpuset, "cpuset.cpus.effective");
    limits.memory_limit = file.figure(memory, "memory.max");
    limits.memory_reservation = file.figure(memory, "memory.min");
    limits.swap_limit = file.figure(memory, "memory.swap.max");
    limits.processes_limit = file.figure(pids, "pids.max");
    limits.has_cpu = true;
    limits.has_memory = limits.memory_limit != 0 || files.has_file(v2::memory_stat);
    limits.has_io = true;
    limits.has_processes = files.has_file(v2::threads);
    return limits;
}

}  // namespace

struct cgroup_reader::impl {
    explicit impl(cgroup_files opened) : files(std::move(opened)) {}
    [[nodiscard]] error gone() const { return {failure::gone, fmt::format("cgroup {}: it was removed", files.path())}; }
    [[nodiscard]] bool unified() const { return files.layout().version == cgroup_version::v2; }
    cgroup_files files;
    bool hierarchical = true;
};

cgroup_reader::cgroup_reader(std::unique_ptr<impl> inner) : impl_(std::move(inner)) {}
cgroup_reader::cgroup_reader(cgroup_reader&&) noexcept = default;
cgroup_reader& cgroup_reader::operator=(cgroup_reader&&) noexcept = default;
cgroup_reader::~cgroup_reader() = default;

result<cgroup_reader> cgroup_reader::blocking_open(std::shared_ptr<cgroup_tree> tree, std::string_view path)
{
    const bool unified = tree->layout().version == cgroup_version::v2;
    const std::span<const cgroup_file_place> places =
        unified ? std::span<const cgroup_file_place>(v2::places) : std::span<const cgroup_file_place>(v1::places);
    auto files = cgroup_files::blocking_open(std::move(tree), path, places);
    if (!files) return files.error();
    auto opened = std::make_unique<impl>(std::move(*files));
    if (!unified) {
        cgroup_text_buffer buffer;
        const auto text = opened->files.read_once({cgroup_controller::memory, "memory.use_hierarchy"}, buffer);
        opened->hierarchical = !text || parse_figure(*text) != 0U;
    }
    return cgroup_reader(std::move(opened));
}

const std::string& cgroup_reader::path() const noexcept { return impl_->files.path(); }

result<cgroup_figures> cgroup_reader::blocking_read()
{
    cgroup_files& files = impl_->files;
    cgroup_figures figures = impl_->unified() ? read_v2(files) : read_v1(files, impl_->hierarchical);
    // Asked last: what was read before is then this cgroup's, unless it says gone.
    if (!files.still_there()) return impl_->gone();
    return figures;
}

result<cgroup_limits> cgroup_reader::blocking_limits() const
{
    const cgroup_files& files = impl_->files;
    cgroup_limits limits = impl_->unified() ? limits_v2(files) : limits_v1(files);
    if (!files.still_there()) return impl_->gone();
    if (files.path() == "/") {
        const std::string meminfo = read_meminfo(files.layout().root);
        limits.memory_limit = parse_meminfo(meminfo, "MemTotal");
        limits.swap_limit = parse_meminfo(meminfo, "SwapTotal");
    }
    return limits;
}

result<std::vector<pid_t>> cgroup_reader::blocking_processes(std::size_t limit) const
{
    cgroup_text_buffer buffer;
    const auto text = impl_->files.read_once({cgroup_controller::cpu, "cgroup.procs"}, buffer);
    std::vector<pid_t> processes;
    for_each_line(text.value_or(std::string_view()), [&](std::string_view line) {
        const auto pid = whole_number<pid_t>(line);
        if (pid && *pid > 0) processes.push_back(*pid);
        return processes.size() < limit;
    });
    if (!text && !impl_->files.still_there()) return impl_->gone();
    return processes;
}

}  // namespace nodescope::host
