// For LD_PRELOAD into the service: measures how long its reactor takes between two looks at the kernel's events, which
// is how long a new request may have to wait for the reactor. The longest are kept in the file REACTOR_TURNS names,
// where a test reads them: nanoseconds of processor time (what the reactor itself spent) of the three longest turns,
// longest first, and of wall time (what a busy machine adds) of the longest, eight bytes each. The thread watched is
// the first to wait for events.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

using wait_function = int (*)(int, epoll_event*, int, int);

struct longest_turns {
    std::array<std::atomic<std::uint64_t>, 3> processor_ns;
    std::atomic<std::uint64_t> wall_ns;
};

struct moment {
    std::uint64_t processor_ns = 0;
    std::uint64_t wall_ns = 0;
};

std::atomic<bool> taken{false};
thread_local bool watched = false;
thread_local moment turn_began;

longest_turns* shared_page()
{
    const char* const path = std::getenv("REACTOR_TURNS");
    if (path == nullptr) return nullptr;
    const int file = ::open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) std::abort();
    void* const page = ::mmap(nullptr, sizeof(longest_turns), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page == MAP_FAILED) std::abort();
    ::close(file);
    return static_cast<longest_turns*>(page);
}

std::uint64_t nanoseconds(clockid_t clock)
{
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

moment now() { return {nanoseconds(CLOCK_THREAD_CPUTIME_ID), nanoseconds(CLOCK_MONOTONIC)}; }

// The test sets the values back to 0 to begin a new measurement. One thread writes.
void keep_longest(longest_turns& page, std::uint64_t processor_ns, std::uint64_t wall_ns)
{
    for (auto& longest : page.processor_ns) {
        const std::uint64_t before = longest.load(std::memory_order_relaxed);
        if (processor_ns <= before) continue;
        longest.store(processor_ns, std::memory_order_relaxed);
        processor_ns = before;
    }
    if (wall_ns > page.wall_ns.load(std::memory_order_relaxed)) page.wall_ns.store(wall_ns, std::memory_order_relaxed);
}

}  // namespace

extern "C" int epoll_wait(int epoll, epoll_event* events, int room, int limit_ms)
{
    static const auto real = reinterpret_cast<wait_function>(::dlsym(RTLD_NEXT, "epoll_wait"));
    static longest_turns* const page = shared_page();
    if (!watched && !taken.exchange(true)) watched = true;
    if (page == nullptr || !watched) return real(epoll, events, room, limit_ms);
    if (turn_began.wall_ns != 0) {
        const moment ended = now();
        keep_longest(*page, ended.processor_ns - turn_began.processor_ns, ended.wall_ns - turn_began.wall_ns);
    }
    const int found = real(epoll, events, room, limit_ms);
    turn_began = now();
    return found;
}
