// Texts of /proc and of /etc that processes and administrators write: any bytes must be answered, none may crash.
#include "collectors/host/proc_text.hpp"
#include "netlink/name_tables.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace nodescope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    (void)host::parse_pid(text);
    (void)host::parse_process_stat(text);
    (void)host::parse_process_status(text);
    (void)host::parse_command_line(text);
    (void)host::parse_boot_time(text);
    (void)host::parse_uptime_centiseconds(text);
    const netlink::name_tables names(text, text);
    (void)names.host(0x7f000001U);
    (void)names.network(0x7f000000U);
    return 0;
}
