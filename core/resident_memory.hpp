// What this process takes of the node's memory, as the kernel counts it: what no budget knows of (texts that a worker
// is writing, room between them that the allocator keeps) is in it too.
#pragma once

#include <cstddef>

namespace nodescope {

/// Pages in memory, those of files included (proc(5), /proc/PID/statm); 0 where that is not known, and in builds whose
/// instruments take memory of their own. It takes a microsecond and waits for nobody.
[[nodiscard]] std::size_t resident_bytes();

/// Has the kernel give the whole pages within a range that is about to be written to, all at once: a page fault for
/// each takes several times as long; short ranges are left alone. What a large text was given goes back to the kernel
/// with it, so the next begins with none. Without effect before Linux 5.14.
void take_pages(void* begin, std::size_t bytes) noexcept;

}  // namespace nodescope
