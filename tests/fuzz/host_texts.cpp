// Texts of /proc and of /etc that processes and administrators write: any bytes must be answered, none may crash.
#include "collectors/host/node/node_texts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/proc/ps_text.hpp"
#include "netlink/text/name_tables.hpp"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

using namespace nodescope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    (void)host::parse_pid(text);
    const auto stat = host::parse_process_stat(text);
    const auto status = host::parse_process_status(text);
    if (stat) {
        (void)host::ps_state(*stat, status ? *status : host::process_status());
        (void)host::ps_command(stat->comm);
        (void)host::ps_running_time(stat->user_ticks);
        (void)host::ps_cpu_permille(stat->user_ticks, 100, static_cast<double>(stat->start_ticks));
        (void)host::ps_start_time(static_cast<std::time_t>(stat->start_ticks), 0);
    }
    if (status) (void)host::ps_memory_permille(status->rss_bytes, status->vms_bytes);
    (void)host::ps_user(text);
    (void)host::numbered({std::string(text)}, "cpu");
    (void)host::parse_command_line(text);
    (void)host::parse_boot_time(text);
    (void)host::parse_uptime_centiseconds(text);
    (void)host::parse_meminfo(text, "MemTotal");
    (void)host::parse_cpuinfo(text);
    (void)host::parse_os_name(text);
    (void)host::parse_user_names(text);
    (void)host::parse_cache_size(text);
    (void)host::count_cpu_mask(text);
    (void)host::parse_scheduler(text);
    (void)host::parse_device_number(text);
    const netlink::name_tables names(text, text);
    (void)names.host(0x7f000001U);
    (void)names.network(0x7f000000U);
    return 0;
}
