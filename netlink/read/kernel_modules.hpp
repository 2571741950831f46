// Whether asking the kernel something would make it load a module. Blocking: for pool threads.
#pragma once

#include <string>
#include <string_view>

namespace nodescope::netlink {

/// By what is seen below `root`: /proc/modules, which a kernel without modules does not have, and the list of what is
/// part of the kernel (/lib/modules/<release>/modules.builtin). `base` is what `wanted` hangs on. False also where it
/// cannot be known.
bool blocking_would_load(const std::string& root, std::string_view base, std::string_view wanted);

}  // namespace nodescope::netlink
