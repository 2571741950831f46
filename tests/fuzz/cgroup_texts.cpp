// Texts of cgroup files, mount tables, disks and sockets. Most are the kernel's, but names in them (mounts, interfaces,
// cgroups) are anybody's.
#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "collectors/host/cgroup/cgroup_text.hpp"
#include "collectors/host/cgroup/container_cgroup.hpp"
#include "collectors/host/disk/disk_usage.hpp"
#include "collectors/host/disk/filesystems.hpp"
#include "collectors/host/proc/proc_text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace nodescope::host;

namespace {

void read_cgroup_texts(std::string_view text)
{
    cpu_usage cpu;
    parse_cpu_stat_v1(text, cpu);
    (void)parse_cpu_stat_v2(text, cpu);
    parse_cpuacct_stat(text, cpu);
    (void)parse_cpu_list(text);
    memory_usage memory;
    (void)parse_memory_stat_v1(text, true, memory);
    (void)parse_memory_stat_v2(text, memory);
    parse_memory_events(text, memory);
    parse_swap_events(text, memory);
    set_working_set(memory);
    if (memory.working_set > memory.usage) std::abort();
    io_usage io;
    parse_blkio(text, io_list::serviced, io);
    parse_io_stat(text, io);
    sort_io(io);
    if (io.size() > io_entry_limit) std::abort();
    (void)parse_pressure(text);
    cgroup_limits limits;
    parse_cpu_max(text, limits);
    (void)shares_of_weight(parse_figure(text).value_or(0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    read_cgroup_texts(text);
    const cgroup_layout layout = parse_cgroup_mounts(text, "/host");
    (void)layout.hierarchy(cgroup_controller::memory);
    (void)cgroup_of_process(text);
    const std::string_view id = container_id_of_path(text);
    if (!id.empty() && id.size() != 64) std::abort();
    (void)parse_node_mounts(text);
    (void)parse_diskstats(text);
    (void)upper_directory_of(text, "merged");
    (void)parse_net_dev(text, network_owner::container);
    (void)parse_open_files_limit(text);
    tcp_states tcp;
    count_tcp_line(text, tcp);
    udp_counters udp;
    count_udp_line(text, udp);
    return 0;
}
