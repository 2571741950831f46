#include "server/run/own_process.hpp"

#include <algorithm>

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace nodescope {

void raise_descriptor_limit()
{
    constexpr rlim_t enough = 65'536;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= enough) return;
    limit.rlim_cur = std::min(limit.rlim_max, enough);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void bound_allocator()
{
    constexpr int reactor_and_workers = 2;
    constexpr int mapped_bytes = 512 << 10;
    ::mallopt(M_ARENA_MAX, reactor_and_workers);
    // Set, it stays: else it grows with the first large answer that is freed, and what the next ones leave between them
    // in an arena is not given back.
    ::mallopt(M_MMAP_THRESHOLD, mapped_bytes);
    // Where all processes get huge pages, a touched one takes 2 MiB of what is only reserved.
    ::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

}  // namespace nodescope
