#include "collectors/cadvisor/kernel_log.hpp"

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/files/root.hpp"
#include "core/unique_fd.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>

#include <unistd.h>

namespace nodescope::cadvisor {

namespace asio = boost::asio;

namespace {

/// Longer than any record: CONSOLE_EXT_LOG_MAX, kernel/printk/printk.c. A record that does not fit is EINVAL.
constexpr std::size_t record_limit = 8192;

/// The log counts from boot, by the clock that stands still in suspend. The difference is taken when a message comes,
/// so that a clock that was set since does not shift it.
time_point wall_time(std::chrono::microseconds since_boot)
{
    timespec monotonic{};
    ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
    const auto uptime = std::chrono::seconds(monotonic.tv_sec) + std::chrono::nanoseconds(monotonic.tv_nsec);
    return std::chrono::system_clock::now() - uptime + since_boot;
}

/// Takes what is there, until `taken` is `kernel_log_burst`. 0: all is read, or the burst is over; else errno.
int take_records(int descriptor, int& taken, oom_parser& parser,
                 const std::function<void(const oom_kill&, time_point)>& tell)
{
    std::array<char, record_limit> buffer;
    for (; taken < kernel_log_burst; ++taken) {
        const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
        if (got == 0) return EPIPE;  // a pipe in a test whose writer has gone
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
        // EPIPE: the kernel has overwritten the next records, and goes on with the oldest there are.
        if (got < 0 && errno != EPIPE) return errno;
        if (got < 0) continue;
        const auto message = parse_kernel_message(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
        if (!message) continue;
        if (const auto kill = parser.take(*message)) tell(*kill, wall_time(kill->since_boot));
    }
    return 0;
}

}  // namespace

task<> follow_kernel_log(std::string root, logger& log, std::function<void(const oom_kill&, time_point)> tell)
{
    const files::place where(root, "/dev/kmsg");
    const std::string path = where.shown();
    unique_fd opened = files::open(where);
    if (!opened) {
        const error why = from_errno(errno, "open " + path);
        log.write(log_level::info, "out-of-memory kills are not named", {{"reason", why.message()}});
        co_return;
    }
    ::lseek(opened.get(), 0, SEEK_END);
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor messages(executor, opened.release());
    asio::steady_timer pause(executor);
    oom_parser parser;
    bool unclear_told = false;
    auto window_end = steady_clock::time_point();
    int taken = 0;
    for (;;) {
        co_await messages.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
        if (steady_clock::now() >= window_end) {
            window_end = steady_clock::now() + kernel_log_window;
            taken = 0;
        }
        if (const int broken = take_records(messages.native_handle(), taken, parser, tell); broken != 0) {
            const error why = from_errno(broken, "read " + path);
            log.write(log_level::warning, "out-of-memory kills are no longer named", {{"reason", why.message()}});
            co_return;
        }
        if (parser.unclear() > 0 && !unclear_told) {
            unclear_told = true;
            log.write(
                log_level::warning, "somebody names cgroups so that out-of-memory kills cannot be told apart",
                {{"reason", "the name of a cgroup has words of the kernel's log in it; such kills are left out"}});
        }
        const auto soon = steady_clock::now() + kernel_log_pause;
        pause.expires_at(taken < kernel_log_burst ? soon : std::max(soon, window_end));
        co_await pause.async_wait(asio::use_awaitable);
    }
}

}  // namespace nodescope::cadvisor
