#include "core/worker_pool.hpp"

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace nodescope {

namespace asio = boost::asio;

struct worker_pool::impl {
    impl(std::size_t threads, std::size_t limit) : queue_limit(limit), present(threads)
    {
        // Signals are for the reactor thread: a worker in the kernel must not be the one to take them.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        for (std::size_t i = 0; i < threads; ++i) workers.emplace_back([this] { work_until_stopped(); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    void work_until_stopped()
    {
        pthread_setname_np(pthread_self(), "worker");  // for whoever looks with ps -L
        std::unique_lock lock(mutex);
        std::uint64_t answered = 0;
        for (;;) {
            while (!stopping && queue.empty() && answered == roll_call) {
                const int seen = changes.load();
                lock.unlock();
                changes.wait(seen);
                lock.lock();
            }
            if (stopping) return;
            if (answered != roll_call) {
                answered = roll_call;
                ++present;
            }
            if (queue.empty()) continue;
            std::shared_ptr<job> next = std::move(queue.front());
            queue.pop_front();
            if (next->abandoned.raised()) continue;
            next->started = true;
            ++running;
            lock.unlock();
            carry_out(next);
            lock.lock();
            --running;
            next->finished = true;
            if (next->abandoned.raised()) --abandoned_running;
            // The result of an abandoned job may take its time to go away, and the reactor must not wait for that.
            lock.unlock();
            next.reset();
            lock.lock();
        }
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

    const std::size_t queue_limit;
    std::mutex mutex;
    // What workers wait for, counted up under the mutex and told after it. Not a condition variable: glibc's waits,
    // when it is told something, for a thread that was told before and had no turn yet, and the reactor must not wait
    // for one.
    std::atomic<int> changes = 0;
    std::deque<std::shared_ptr<job>> queue;
    std::vector<std::thread> workers;
    std::size_t running = 0;
    std::size_t abandoned_running = 0;
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
    impl_->changes.notify_all();
    for (std::thread& worker : impl_->workers) worker.join();
}

task<std::optional<error>> worker_pool::finish(std::string_view what, deadline limit, std::shared_ptr<job> work)
{
    work->home = co_await asio::this_coro::executor;
    if (!submit(work)) {
        co_return error(failure::overloaded,
                        fmt::format("{}: {} jobs are waiting already, try again later", what, impl_->queue_limit));
    }
    const wait_end how = co_await work->done.wait(limit);
    if (how == wait_end::told) {
        if (work->thrown) std::rethrow_exception(work->thrown);
        co_return std::nullopt;
    }
    abandon(*work);
    if (how == wait_end::cancelled) co_return error(failure::cancelled, fmt::format("{}: the caller went away", what));
    ++deadline_misses_;
    const char* const phase = work->started ? "not finished" : "no worker free";
    co_return error(failure::timed_out, fmt::format("{}: {} within {}", what, phase, duration_text(limit.limit())));
}

bool worker_pool::submit(std::shared_ptr<job> work)
{
    {
        const std::lock_guard lock(impl_->mutex);
        std::erase_if(impl_->queue, [](const auto& waiting) { return waiting->abandoned.raised(); });
        if (impl_->queue.size() >= impl_->queue_limit) return false;
        impl_->queue.push_back(std::move(work));
        ++impl_->changes;
    }
    impl_->changes.notify_one();
    return true;
}

void worker_pool::abandon(job& work) noexcept
{
    const std::lock_guard lock(impl_->mutex);
    // The worker looks at the flag under the same lock when it counts the job out.
    if (work.started && !work.finished) ++impl_->abandoned_running;
    work.abandoned.raise();
}

void worker_pool::call_roll()
{
    {
        const std::lock_guard lock(impl_->mutex);
        ++impl_->roll_call;
        impl_->present = 0;
        ++impl_->changes;
    }
    impl_->changes.notify_all();
}

bool worker_pool::all_present() const noexcept
{
    const std::lock_guard lock(impl_->mutex);
    return impl_->present == impl_->workers.size();
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
