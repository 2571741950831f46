#include "core/worker_pool.hpp"

#include "core/resident_memory.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace nodescope {

namespace asio = boost::asio;

namespace {

// What std::atomic waits by. Its own wait() of g++ 12 first gives up the processor four times (sched_yield, in
// bits/atomic_wait.h), each of which costs as much as reading a small file, and there is nothing to be had that soon.
static_assert(sizeof(std::atomic<int>) == sizeof(int) && std::atomic<int>::is_always_lock_free);

/// Returns at once where it is another number than `seen`, and may return without any reason.
void rest_unless_changed(std::atomic<int>& changes, int seen) noexcept
{
    ::syscall(SYS_futex, &changes, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}

void wake(std::atomic<int>& changes, int how_many) noexcept
{
    ::syscall(SYS_futex, &changes, FUTEX_WAKE_PRIVATE, how_many, nullptr, nullptr, 0);
}

}  // namespace

struct worker_pool::impl {
    impl(std::size_t threads, std::size_t limit) : queue_limit(limit), thread_count(threads), present(threads)
    {
        // Signals are for the reactor thread: none may go to a worker that is in the kernel.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        workers.reserve(threads);
        for (std::size_t i = 0; i < threads; ++i) workers.emplace_back([this] { work_until_stopped(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    void work_until_stopped()
    {
        pthread_setname_np(pthread_self(), "worker");  // shown by ps -L
        std::unique_lock lock(mutex);
        std::uint64_t answered = 0;
        for (;;) {
            auto next_place = first_to_start();
            while (!stopping && next_place == queue.end() && answered == roll_call) {
                const int seen = changes.load();
                ++resting;
                lock.unlock();
                rest_unless_changed(changes, seen);
                lock.lock();
                --resting;
                next_place = first_to_start();
            }
            if (stopping) return;
            if (answered != roll_call) {
                answered = roll_call;
                ++present;
            }
            if (next_place == queue.end()) continue;
            std::shared_ptr<job> next = std::move(*next_place);
            queue.erase(next_place);
            next->started = true;
            count_in(*next);
            lock.unlock();
            carry_out(next);
            lock.lock();
            next->finished = true;
            count_out(*next);
            // Destroying the result of an abandoned job may take long, and the reactor must not wait for that.
            lock.unlock();
            next.reset();
            give_back_memory();
            lock.lock();
        }
    }

    /// A worker that has ended a job looks here before it rests, so a job that was held back needs nobody to be woken.
    std::deque<std::shared_ptr<job>>::iterator first_to_start()
    {
        std::erase_if(queue, [](const auto& waiting) { return waiting->abandoned.raised(); });
        return std::find_if(queue.begin(), queue.end(), [this](const auto& waiting) { return may_start(*waiting); });
    }

    /// Where there are several workers, no owner has all of them, and one whose job hangs does not get the last.
    [[nodiscard]] bool may_start(const job& waiting) const
    {
        if (thread_count == 1) return true;
        const auto found = owners.find(waiting.owner);
        if (found == owners.end()) return true;
        const owner_count& own = found->second;
        const bool is_last = running + 1 == thread_count;
        return own.running + 1 < thread_count && (own.hanging == 0 || !is_last);
    }

    void count_in(const job& begun)
    {
        ++running;
        ++owners[begun.owner].running;
    }

    void count_out(const job& ended)
    {
        --running;
        const auto found = owners.find(ended.owner);
        --found->second.running;
        if (ended.abandoned.raised()) {
            --found->second.hanging;
            --abandoned_running;
            all_hang_since.reset();
        }
        if (found->second.running == 0) owners.erase(found);
    }

    /// Of no kind wait more than there are places left: however many of one kind are wanted, others find some.
    [[nodiscard]] bool has_room_for(const std::string& owner) const
    {
        const std::size_t left = queue_limit - std::min(queue_limit, queue.size());
        const auto of_owner =
            std::count_if(queue.begin(), queue.end(), [&owner](const auto& one) { return one->owner == owner; });
        return left > 0 && (of_owner == 0 || std::cmp_less(of_owner, left));
    }

    /// Under the mutex: the worker looks at the flag under it when it counts the job out. Says whether the job still
    /// waits because of its owner's other jobs.
    bool abandon(job& work)
    {
        const bool held_back = !work.started && running < thread_count && !may_start(work);
        if (work.started && !work.finished) {
            ++owners[work.owner].hanging;
            if (++abandoned_running == thread_count) all_hang_since = steady_clock::now();
        }
        work.abandoned.raise();
        return held_back;
    }

    static void carry_out(const std::shared_ptr<job>& work)
    {
        try {
            work->perform();
        } catch (...) {
            work->thrown = std::current_exception();
        }
        work->let_go();
        asio::post(work->home, [work] { work->done.set(); });
    }

    struct owner_count {
        std::size_t running = 0;  // hanging ones included
        std::size_t hanging = 0;
    };

    const std::size_t queue_limit;
    const std::size_t thread_count;
    std::mutex mutex;
    // What workers wait for: counted up under the mutex, and those who rest are woken after it. Not a condition
    // variable: glibc's notify may wait for a thread that was notified before and has not run yet, and the reactor must
    // not wait for one.
    std::atomic<int> changes = 0;
    std::size_t resting = 0;  // workers that may have to be woken
    std::deque<std::shared_ptr<job>> queue;
    std::vector<std::thread> workers;
    std::size_t running = 0;
    std::size_t abandoned_running = 0;
    std::map<std::string, owner_count> owners;  // those with a running job
    std::optional<steady_clock::time_point> all_hang_since;
    std::uint64_t roll_call = 0;  // the number of the last one
    std::size_t present;          // workers that answered it; before the first one, all
    bool stopping = false;
};

worker_pool::worker_pool(std::size_t threads, std::size_t queue_limit)
    : impl_(std::make_unique<impl>(threads, queue_limit))
{
}

worker_pool::~worker_pool()
{
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
        ++impl_->changes;
    }
    wake(impl_->changes, INT_MAX);
    for (std::thread& worker : impl_->workers) worker.join();
}

task<std::optional<error>> worker_pool::finish(std::string what, deadline limit, std::shared_ptr<job> work)
{
    work->home = co_await asio::this_coro::executor;
    if (!submit(work)) {
        co_return error(
            failure::overloaded,
            fmt::format("{}: too many jobs are waiting already ({} at most, and of one kind no more than there "
                        "are places left), try again later",
                        what, impl_->queue_limit));
    }
    const wait_end how = co_await work->done.wait(limit);
    if (how == wait_end::told) {
        if (work->thrown) std::rethrow_exception(work->thrown);
        co_return std::nullopt;
    }
    const bool held_back = abandon(*work);
    if (how == wait_end::late) ++deadline_misses_;
    const char* phase = "no worker free";
    if (work->started) phase = "not finished";
    else if (held_back) phase = "no worker free for more of its kind";
    co_return not_told(how, what, phase, limit);
}

bool worker_pool::submit(std::shared_ptr<job> work)
{
    bool somebody_rests = false;
    {
        const std::lock_guard lock(impl_->mutex);
        std::erase_if(impl_->queue, [](const auto& waiting) { return waiting->abandoned.raised(); });
        if (!impl_->has_room_for(work->owner)) return false;
        impl_->queue.push_back(std::move(work));
        ++impl_->changes;
        somebody_rests = impl_->resting > 0;
    }
    if (somebody_rests) wake(impl_->changes, 1);
    return true;
}

bool worker_pool::abandon(job& work)
{
    const std::lock_guard lock(impl_->mutex);
    return impl_->abandon(work);
}

void worker_pool::call_roll()
{
    {
        const std::lock_guard lock(impl_->mutex);
        ++impl_->roll_call;
        impl_->present = 0;
        ++impl_->changes;
    }
    wake(impl_->changes, INT_MAX);
}

bool worker_pool::any_present() const noexcept
{
    const std::lock_guard lock(impl_->mutex);
    return impl_->present > 0;
}

steady_clock::duration worker_pool::all_hang_for() const noexcept
{
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->all_hang_since) return steady_clock::duration::zero();
    return steady_clock::now() - *impl_->all_hang_since;
}

std::size_t worker_pool::busy() const noexcept
{
    const std::lock_guard lock(impl_->mutex);
    return impl_->running;
}

std::size_t worker_pool::abandoned() const noexcept
{
    const std::lock_guard lock(impl_->mutex);
    return impl_->abandoned_running;
}

}  // namespace nodescope
