#include "collectors/questions/own_kernel.hpp"

#include "core/ascii.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <array>

namespace nodescope {

namespace {

struct kernel_name {
    std::string_view part;  // of what something is called, in lower case
    std::string_view shown;
};
constexpr std::array names_of_runtimes{
    kernel_name{"runsc", "gVisor"}, kernel_name{"gvisor", "gVisor"},           kernel_name{"kata", "Kata Containers"},
    kernel_name{"krun", "libkrun"}, kernel_name{"firecracker", "Firecracker"}, kernel_name{"qemu", "a virtual machine"},
};
// The kernel keeps the first 15 bytes. A shim that is a container's first process stands for a virtual machine.
constexpr std::array names_of_processes{
    kernel_name{"runsc", "gVisor"},
    kernel_name{"qemu-", "a virtual machine"},
    kernel_name{"cloud-hyperviso", "a virtual machine"},
    kernel_name{"firecracker", "Firecracker"},
    kernel_name{"dragonball", "Kata Containers"},
    kernel_name{"containerd-shim", "Kata Containers"},
};

std::string_view kernel_of(std::string_view runtime, std::string_view process)
{
    const std::string called = lower_case(runtime);
    for (const kernel_name& one : names_of_runtimes) {
        if (called.find(one.part) != std::string::npos) return one.shown;
    }
    for (const kernel_name& one : names_of_processes) {
        if (process.starts_with(one.part)) return one.shown;
    }
    return {};
}

}  // namespace

std::string note_of_own_kernel(std::string_view runtime, std::string_view process)
{
    const std::string_view kernel = kernel_of(runtime, process);
    if (kernel.empty()) return {};
    const std::string by = runtime.empty() ? std::string() : fmt::format(", runtime {}", escape_untrusted(runtime, 64));
    return fmt::format(
        "the container runs on a kernel of its own ({}{}): shown is what connects it to the node, and "
        "its own addresses, routes and rules may be others",
        kernel, by);
}

}  // namespace nodescope
