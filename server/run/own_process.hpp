// What this process asks of the kernel and of the allocator for itself, before it serves.
#pragma once

namespace nodescope {

/// A shell gives 1024 descriptors, which the files of 70 sampled containers would use up; what the service may have is
/// the hard limit.
void raise_descriptor_limit();

/// The allocator keeps what was freed for the thread that it was freed by. The workers share one of its arenas, so that
/// a large answer is kept room for once, and not by each of them that has built one.
void bound_allocator();

}  // namespace nodescope
