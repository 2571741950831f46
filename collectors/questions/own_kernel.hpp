// Containers that run on a kernel of their own (gVisor, or a virtual machine): what the node's kernel has for them is
// the outer side of their network.
#pragma once

#include <string>
#include <string_view>

namespace nodescope {

/// What to say of the network of such a container; empty for all others. `runtime` is the low-level runtime as the
/// container's runtime calls it ("runsc", "io.containerd.kata.v2"; empty: not told), which whoever set the node up may
/// have named as they like; `process` is the name of its first process (/proc/PID/comm), which then is a sandbox or a
/// hypervisor. Pure.
std::string note_of_own_kernel(std::string_view runtime, std::string_view process);

}  // namespace nodescope
