// A few threads for what blocks in the kernel: netlink dumps, the setns window, spawning helpers, reads of /proc and
// of cgroup files. To a coroutine a blocking function is one awaitable with a deadline.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace nodescope {

/// Told to a blocking function: nobody waits for its result any more, so it should stop at the next convenient point.
class abandon_flag {
public:
    [[nodiscard]] bool raised() const noexcept { return raised_.load(std::memory_order_relaxed); }
    void raise() noexcept { raised_.store(true, std::memory_order_relaxed); }

private:
    std::atomic<bool> raised_{false};
};

/// Threads are made once, in the constructor, with all signals blocked: a thread made later could be made inside a
/// setns window and inherit a container's namespace. The destructor waits for the work under way; a process that must
/// end while a worker is stuck in the kernel checks busy() and leaves by _exit. The reactor of the callers outlives the
/// pool: also an abandoned job hands its result over by posting there.
class worker_pool {
public:
    /// `threads` >= 1; at most `queue_limit` jobs wait, more are refused as failure::overloaded.
    explicit worker_pool(std::size_t threads = default_threads, std::size_t queue_limit = default_queue_limit);
    worker_pool(const worker_pool&) = delete;
    worker_pool& operator=(const worker_pool&) = delete;
    ~worker_pool();

    /// Runs `work(const abandon_flag&) -> result<T>` on a worker thread and resumes the caller on its own executor.
    /// `work` is moved in and owns all it touches: it may outlive the caller. When `limit` passes first, the caller
    /// gets failure::timed_out "<what>: no worker free within 5s" or "<what>: not finished within 5s", the flag is
    /// raised, and a job that had not begun is dropped. Cancellation: the same, with failure::cancelled.
    /// An exception of `work` is rethrown in the caller.
    template <class Work>
    auto run(std::string_view what, deadline limit, Work work)
        -> task<decltype(work(std::declval<const abandon_flag&>()))>;

    /// Asks every worker for a sign of life, which it gives between two jobs. all_present() is true once each has, and
    /// before the first roll call. For the watchdog: a worker that hangs in the kernel never answers.
    void call_roll();
    [[nodiscard]] bool all_present() const noexcept;

    /// Jobs that are running now, abandoned ones included.
    [[nodiscard]] std::size_t busy() const noexcept;
    /// Running jobs whose caller has given up.
    [[nodiscard]] std::size_t abandoned() const noexcept;

    /// Jobs that were not finished, or not begun, within their deadline. Reactor thread only.
    [[nodiscard]] std::uint64_t deadline_misses() const noexcept { return deadline_misses_; }

    /// Two, because that is enough to keep a dump going while another waits for the kernel's rtnl lock; more threads
    /// only queue on that same lock.
    static constexpr std::size_t default_threads = 2;
    /// operations.md W6: beyond this many waiting, shed load instead of promising what no deadline will keep.
    static constexpr std::size_t default_queue_limit = 64;

private:
    struct job {
        abandon_flag abandoned;
        std::atomic<bool> started{false};
        bool finished = false;  // guarded by the pool's mutex
        std::function<void(job&)> body;
    };

    [[nodiscard]] bool submit(std::shared_ptr<job> work);
    void abandon(job& work) noexcept;
    static error give_up(std::string_view what, const job& work, deadline limit, bool timer_fired);
    static error refused(std::string_view what, std::size_t queue_limit);

    struct impl;
    std::unique_ptr<impl> impl_;
    std::uint64_t deadline_misses_ = 0;
};

template <class Work>
auto worker_pool::run(std::string_view what, deadline limit, Work work)
    -> task<decltype(work(std::declval<const abandon_flag&>()))>
{
    namespace asio = boost::asio;
    using outcome = decltype(work(std::declval<const abandon_flag&>()));

    // Shared by the coroutine and the worker. `value`, `thrown` and `done` are touched on the reactor thread only: the
    // worker hands them over by posting. The timer is the thing waited for; the reactor cancels it when done.
    struct exchange {
        exchange(const asio::any_io_executor& executor, deadline until) : timer(executor, until.at()) {}
        asio::steady_timer timer;
        std::optional<outcome> value;
        std::exception_ptr thrown;
        bool done = false;
    };

    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto shared = std::make_shared<exchange>(executor, limit);
    auto queued = std::make_shared<job>();
    queued->body = [shared, executor, work = std::move(work)](job& self) mutable {
        std::optional<outcome> value;
        std::exception_ptr thrown;
        try {
            value.emplace(work(self.abandoned));
        } catch (...) {
            thrown = std::current_exception();
        }
        asio::post(executor, [shared = std::move(shared), value = std::move(value), thrown]() mutable {
            shared->value = std::move(value);
            shared->thrown = thrown;
            shared->done = true;
            shared->timer.cancel();
        });
    };

    if (!submit(queued)) co_return refused(what, default_queue_limit);
    const bool throwing = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto [timer_error] = co_await shared->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    co_await asio::this_coro::throw_if_cancelled(throwing);
    if (!shared->done) {
        abandon(*queued);
        if (!timer_error) ++deadline_misses_;
        co_return give_up(what, *queued, limit, !timer_error);
    }
    if (shared->thrown) std::rethrow_exception(shared->thrown);
    co_return std::move(*shared->value);
}

}  // namespace nodescope
