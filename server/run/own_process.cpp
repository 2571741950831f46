#include "server/run/own_process.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <link.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

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

void let_go_of_code()
{
    const auto visit = [](dl_phdr_info* loaded, std::size_t, void*) {
        // The kernel's own, which is no file.
        if (loaded->dlpi_addr == ::getauxval(AT_SYSINFO_EHDR)) return 0;
        const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        for (int i = 0; i < loaded->dlpi_phnum; ++i) {
            const auto& part = loaded->dlpi_phdr[i];
            // What may be written holds addresses that the loader has put there, and is not in the file like that.
            if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0 || (part.p_flags & PF_W) != 0) continue;
            const std::uintptr_t begin = (loaded->dlpi_addr + part.p_vaddr) / page * page;
            const std::uintptr_t end = (loaded->dlpi_addr + part.p_vaddr + part.p_memsz + page - 1) / page * page;
            ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
        }
        return 0;
    };
    ::dl_iterate_phdr(visit, nullptr);
}

}  // namespace nodescope
