// The files every sample of a cgroup reads, by version. Part of cgroup_reader.
#pragma once

#include "collectors/host/cgroup/cgroup_files.hpp"
#include "collectors/host/usage.hpp"

#include <array>
#include <cstddef>

namespace nodescope::host::v1 {

enum file : std::size_t {  // in the order of `places`
    per_cpu,
    cpu_times,
    cpu_stat,
    usage,
    memory_stat,
    max_usage,
    fail_count,
    kernel,
    threads,
    threads_max,
    first_io,
};

/// The lists of block I/O, in this order for each part of the kernel that may keep them. Which one does is told by its
/// first list having entries: the scheduler in charge (BFQ, before Linux 5.0 CFQ), else what throttling counts.
inline constexpr std::array io_lists{io_list::serviced,     io_list::service_bytes, io_list::queued, io_list::sectors,
                                     io_list::service_time, io_list::wait_time,     io_list::merged, io_list::time};
/// Throttling counts the first two alone.
inline constexpr std::size_t throttle_lists = 2;

// clang-format off
inline constexpr std::array<cgroup_file_place, first_io + 2 * io_lists.size() + throttle_lists> places{{
    {cgroup_controller::cpuacct, "cpuacct.usage_percpu"},
    {cgroup_controller::cpuacct, "cpuacct.stat"},
    {cgroup_controller::cpu, "cpu.stat"},
    {cgroup_controller::memory, "memory.usage_in_bytes"},
    {cgroup_controller::memory, "memory.stat"},
    {cgroup_controller::memory, "memory.max_usage_in_bytes"},
    {cgroup_controller::memory, "memory.failcnt"},
    {cgroup_controller::memory, "memory.kmem.usage_in_bytes"},
    {cgroup_controller::pids, "pids.current"},
    {cgroup_controller::pids, "pids.max"},
    {cgroup_controller::blkio, "blkio.bfq.io_serviced_recursive"},
    {cgroup_controller::blkio, "blkio.bfq.io_service_bytes_recursive"},
    {cgroup_controller::blkio, "blkio.bfq.io_queued_recursive"},
    {cgroup_controller::blkio, "blkio.bfq.sectors_recursive"},
    {cgroup_controller::blkio, "blkio.bfq.io_service_time_recursive"},
    {cgroup_controller::blkio, "blkio.bfq.io_wait_time_recursive"},
    {cgroup_controller::blkio, "blkio.bfq.io_merged_recursive"},
    {cgroup_controller::blkio, "blkio.bfq.time_recursive"},
    {cgroup_controller::blkio, "blkio.io_serviced_recursive"},
    {cgroup_controller::blkio, "blkio.io_service_bytes_recursive"},
    {cgroup_controller::blkio, "blkio.io_queued_recursive"},
    {cgroup_controller::blkio, "blkio.sectors_recursive"},
    {cgroup_controller::blkio, "blkio.io_service_time_recursive"},
    {cgroup_controller::blkio, "blkio.io_wait_time_recursive"},
    {cgroup_controller::blkio, "blkio.io_merged_recursive"},
    {cgroup_controller::blkio, "blkio.time_recursive"},
    {cgroup_controller::blkio, "blkio.throttle.io_serviced"},
    {cgroup_controller::blkio, "blkio.throttle.io_service_bytes"},
}};
// clang-format on

}  // namespace nodescope::host::v1

namespace nodescope::host::v2 {

enum file : std::size_t {  // in the order of `places`
    cpu_stat,
    current,
    memory_stat,
    peak,
    swap,
    events,
    io_stat,
    threads,
    threads_max,
    cpu_pressure,
    memory_pressure,
    io_pressure,
};

// clang-format off
inline constexpr std::array<cgroup_file_place, io_pressure + 1> places{{
    {cgroup_controller::cpu, "cpu.stat"},
    {cgroup_controller::memory, "memory.current"},
    {cgroup_controller::memory, "memory.stat"},
    {cgroup_controller::memory, "memory.peak"},
    {cgroup_controller::memory, "memory.swap.current"},
    {cgroup_controller::memory, "memory.events"},
    {cgroup_controller::blkio, "io.stat"},
    {cgroup_controller::pids, "pids.current"},
    {cgroup_controller::pids, "pids.max"},
    {cgroup_controller::cpu, "cpu.pressure"},
    {cgroup_controller::memory, "memory.pressure"},
    {cgroup_controller::blkio, "io.pressure"},
}};
// clang-format on

}  // namespace nodescope::host::v2
