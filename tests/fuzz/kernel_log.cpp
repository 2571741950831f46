// Records of the kernel's log: process names in them are anybody's.
#include "collectors/cadvisor/oom_messages.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace nodescope;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    (void)cadvisor::parse_kernel_message(text);
    cadvisor::oom_parser parser;
    cadvisor::kernel_message message;
    message.text = "x invoked oom-killer: ";
    (void)parser.take(message);
    message.text = text;
    (void)parser.take(message);
    return 0;
}
