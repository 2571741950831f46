#include "core/resident_memory.hpp"

#include "core/deadline.hpp"
#include "core/text_scan.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string_view>

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace nodescope {

std::size_t resident_bytes()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 0;
#else
    const unique_fd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
    std::array<char, 128> text{};
    const ssize_t size = file ? ::read(file.get(), text.data(), text.size()) : 0;
    if (size <= 0) return 0;
    // "size resident …", in pages.
    const std::string_view all(text.data(), static_cast<std::size_t>(size));
    const std::size_t begin = all.find(' ') + 1;
    const auto pages = whole_number<std::size_t>(all.substr(begin, all.find(' ', begin) - begin));
    return pages.value_or(0) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
#endif
}

bool reading_check::may_go_on(std::size_t more)
{
    since_last_look_ += more;
    if (since_last_look_ < interval_bytes) return true;
    since_last_look_ = 0;
    return resident_bytes() <= reading_limit_bytes;
}

void give_back_memory()
{
    // Less than what readings are stopped at, and more than a busy node's service takes.
    constexpr std::size_t much = reading_limit_bytes / 4 * 3;
    constexpr auto interval = std::chrono::seconds(1);
    static std::atomic<steady_clock::time_point> next{steady_clock::time_point{}};
    const auto now = steady_clock::now();
    auto due = next.load();
    if (now < due || !next.compare_exchange_strong(due, now + interval)) return;
    if (resident_bytes() > much) ::malloc_trim(0);
}

std::string taken_already() { return fmt::format("the service takes {} MiB already", resident_bytes() >> 20U); }

void take_pages(void* begin, std::size_t bytes) noexcept
{
    // A few faults cost no more than the call.
    constexpr std::size_t worth_it = 64UL << 10U;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t before_first = (page - reinterpret_cast<std::uintptr_t>(begin) % page) % page;
    if (bytes < before_first + worth_it) return;
    const int before = errno;
    ::madvise(static_cast<char*>(begin) + before_first, (bytes - before_first) / page * page, MADV_POPULATE_WRITE);
    errno = before;
}

}  // namespace nodescope
