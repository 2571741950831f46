// A few threads for what blocks in the kernel: netlink dumps, the setns window, spawning helpers, reads of /proc and
// of cgroup files. To a coroutine a blocking function is one awaitable with a deadline. What hangs costs its own kind:
// the workers are shared so that no kind of job ever has all of them.
#pragma once

#include "core/deadline.hpp"
#include "core/event.hpp"
#include "core/task.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
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
/// pool: an abandoned job, too, hands its result over by posting there.
class worker_pool {
public:
    /// `threads` >= 1; at most `queue_limit` jobs wait, and of one kind no more than there are places left: more are
    /// refused as failure::overloaded.
    explicit worker_pool(std::size_t threads = default_threads, std::size_t queue_limit = default_queue_limit);
    worker_pool(const worker_pool&) = delete;
    worker_pool& operator=(const worker_pool&) = delete;
    ~worker_pool();

    /// Runs `work(const abandon_flag&) -> result<T>` on a worker thread and resumes the caller on its own executor.
    /// `work` is moved in and owns all it touches: it may outlive the caller. When `limit` passes first, the caller
    /// gets failure::timed_out "<what>: no worker free within 5s" or "<what>: not finished within 5s", the flag is
    /// raised, and a job that had not begun is dropped. Cancellation: the same, with failure::cancelled.
    /// An exception of `work` is rethrown in the caller.
    ///
    /// `owner` is the kind of job (a question, not one container): of several workers, the jobs of one owner never have
    /// all, and while one of them hangs (its caller has given up) another does not get the last that is free. A job
    /// that waits for this says so: "<what>: no worker free for more of its kind within 5s".
    template <class Work>
    auto run(std::string_view owner, std::string_view what, deadline limit, Work work)
        -> task<decltype(work(std::declval<const abandon_flag&>()))>;

    /// The same for a kind of which there is one job: `what` is the owner too.
    template <class Work>
    auto run(std::string_view what, deadline limit, Work work)
        -> task<decltype(work(std::declval<const abandon_flag&>()))>
    {
        return run(what, what, limit, std::move(work));
    }

    /// Asks the workers for a sign of life, which each gives between two jobs. any_present() is true once one has, and
    /// before the first roll call. For the watchdog: a worker that hangs in the kernel never answers, and the others do
    /// its work.
    void call_roll();
    [[nodiscard]] bool any_present() const noexcept;
    /// How long there has been no worker left that does not hang; zero while there is one.
    [[nodiscard]] steady_clock::duration all_hang_for() const noexcept;

    /// Jobs that are running now, abandoned ones included.
    [[nodiscard]] std::size_t busy() const noexcept;
    /// Running jobs whose caller has given up.
    [[nodiscard]] std::size_t abandoned() const noexcept;

    /// Jobs that were not finished, or not begun, within their deadline. Reactor thread only.
    [[nodiscard]] std::uint64_t deadline_misses() const noexcept { return deadline_misses_; }

    /// Two of one kind keep a dump going while another waits for the kernel's rtnl lock; more would only queue on that
    /// same lock. The third is for all other kinds.
    static constexpr std::size_t default_threads = 3;
    /// Beyond this many waiting, shed load instead of promising what no deadline will keep.
    static constexpr std::size_t default_queue_limit = 64;

private:
    /// Shared by the coroutine that waits and the worker.
    struct job {
        virtual ~job() = default;
        /// On the worker's thread. The result is the coroutine's once `done` is set.
        virtual void perform() = 0;
        /// Destroys what the work owns, on the worker's thread and before anybody learns that it is done.
        virtual void let_go() noexcept = 0;

        abandon_flag abandoned;
        std::atomic<bool> started{false};
        bool finished = false;  // guarded by the pool's mutex
        std::string owner;
        std::exception_ptr thrown;
        event done;  // set on the reactor thread, by posting there
        boost::asio::any_io_executor home;
    };

    template <class Work>
    struct job_of final : job {
        using outcome = decltype(std::declval<Work&>()(std::declval<const abandon_flag&>()));
        explicit job_of(Work w) : work(std::move(w)) {}
        void perform() override { value.emplace((*work)(abandoned)); }
        void let_go() noexcept override { work.reset(); }
        std::optional<Work> work;
        std::optional<outcome> value;
    };

    /// Nothing once the job is done; else why it was not.
    task<std::optional<error>> finish(std::string what, deadline limit, std::shared_ptr<job> work);
    [[nodiscard]] bool submit(std::shared_ptr<job> work);
    [[nodiscard]] bool abandon(job& work);

    struct impl;
    std::unique_ptr<impl> impl_;
    std::uint64_t deadline_misses_ = 0;
};

template <class Work>
auto worker_pool::run(std::string_view owner, std::string_view what, deadline limit, Work work)
    -> task<decltype(work(std::declval<const abandon_flag&>()))>
{
    const auto queued = std::make_shared<job_of<Work>>(std::move(work));
    queued->owner = owner;
    auto running = finish(std::string(what), limit, queued);
    const std::optional<error> failed = co_await std::move(running);
    if (failed) co_return *failed;
    co_return std::move(*queued->value);
}

}  // namespace nodescope
