// What this process takes of the node's memory, as the kernel counts it: what no budget knows of (texts that a worker
// is writing, room between them that the allocator keeps) is in it too.
#pragma once

#include <cstddef>

namespace nodescope {

/// Pages in memory, those of files included (proc(5), /proc/PID/statm); 0 where that is not known, and in builds whose
/// instruments take memory of their own. It takes a microsecond and waits for nobody.
[[nodiscard]] std::size_t resident_bytes();

}  // namespace nodescope
