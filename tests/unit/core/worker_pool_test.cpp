#include "core/worker_pool.hpp"
#include "core/event.hpp"
#include "core/task_group.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

namespace nodescope {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

TEST(WorkerPool, RunsOnAnotherThreadAndResumesOnTheReactor)
{
    worker_pool pool;
    const auto work = [](const abandon_flag&) -> result<std::thread::id> { return std::this_thread::get_id(); };
    const auto there = run_task(pool.run("work", deadline::in(10s), work));
    EXPECT_NE(there.value(), std::this_thread::get_id());
    EXPECT_EQ(pool.abandoned(), 0U);
}

TEST(WorkerPool, RethrowsAnException)
{
    worker_pool pool;
    const auto work = [](const abandon_flag&) -> result<int> { throw std::runtime_error("defect"); };
    EXPECT_THROW(run_task(pool.run("work", deadline::in(10s), work)), std::runtime_error);
}

TEST(WorkerPool, AbandonsWorkThatOutlivesItsDeadline)
{
    boost::asio::io_context reactor(1);  // Outlives the pool, whose abandoned job still hands over to it.
    worker_pool pool(1);
    std::promise<void> saw_flag;
    const auto work = [&](const abandon_flag& abandoned) -> result<int> {
        while (!abandoned.raised()) std::this_thread::yield();
        saw_flag.set_value();
        return 1;
    };
    const auto got = run_task(reactor, pool.run("dump of links", deadline::in(20ms), work));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), error(failure::timed_out, "dump of links: not finished within 20ms"));
    saw_flag.get_future().wait();
    // The place is free again: the next job runs.
    const auto next = [](const abandon_flag&) -> result<int> { return 2; };
    EXPECT_EQ(run_task(reactor, pool.run("next", deadline::in(10s), next)).value(), 2);
    EXPECT_EQ(pool.abandoned(), 0U);
}

/// A job that hangs until it is released, as one in the kernel does.
class hanging_job {
public:
    result<int> operator()(const abandon_flag&) const
    {
        released_.wait();
        return 1;
    }
    void release() { release_->set_value(); }

private:
    std::shared_ptr<std::promise<void>> release_ = std::make_shared<std::promise<void>>();
    std::shared_future<void> released_ = release_->get_future().share();
};

const auto two = [](const abandon_flag&) -> result<int> { return 2; };

TEST(WorkerPool, AnswersTheRollAsLongAsOneWorkerDoes)
{
    boost::asio::io_context reactor(1);  // Outlives the pool, whose abandoned jobs still hand over to it.
    worker_pool pool(2);
    EXPECT_TRUE(pool.any_present());
    pool.call_roll();
    while (!pool.any_present()) std::this_thread::yield();

    hanging_job first;
    ASSERT_FALSE(run_task(reactor, pool.run("one", deadline::in(20ms), first)));
    pool.call_roll();
    while (!pool.any_present()) std::this_thread::yield();
    EXPECT_EQ(pool.all_hang_for(), 0s);

    hanging_job second;
    ASSERT_FALSE(run_task(reactor, pool.run("another", deadline::in(20ms), second)));
    pool.call_roll();
    EXPECT_FALSE(pool.any_present());
    EXPECT_GT(pool.all_hang_for(), 0s);
    first.release();
    while (!pool.any_present()) std::this_thread::yield();
    EXPECT_EQ(pool.all_hang_for(), 0s);
    second.release();
}

TEST(WorkerPool, KeepsAWorkerFromAnOwnerWhoseJobsHang)
{
    boost::asio::io_context reactor(1);  // Outlives the pool, whose abandoned jobs still hand over to it.
    worker_pool pool(3);
    hanging_job hang;
    for (int i = 0; i < 2; ++i) {
        ASSERT_EQ(run_task(reactor, pool.run("list", "list of all", deadline::in(20ms), hang)).error().message(),
                  "list of all: not finished within 20ms");
    }
    EXPECT_EQ(run_task(reactor, pool.run("list", "list of some", deadline::in(20ms), two)).error(),
              error(failure::timed_out, "list of some: no worker free for more of its kind within 20ms"));
    EXPECT_EQ(run_task(reactor, pool.run("other", deadline::in(10s), two)).value(), 2);

    hang.release();
    EXPECT_EQ(run_task(reactor, pool.run("list", "list of some", deadline::in(10s), two)).value(), 2);
}

TEST(WorkerPool, GivesTheLastFreeWorkerToNoOwnerWhoseJobHangs)
{
    boost::asio::io_context reactor(1);  // Outlives the pool, whose abandoned jobs still hand over to it.
    worker_pool pool(3);
    hanging_job hang;
    ASSERT_FALSE(run_task(reactor, pool.run("list", deadline::in(20ms), hang)));
    ASSERT_FALSE(run_task(reactor, pool.run("other", deadline::in(20ms), hang)));
    for (const char* const owner : {"list", "other"}) {
        EXPECT_FALSE(run_task(reactor, pool.run(owner, deadline::in(20ms), two))) << owner;
    }
    EXPECT_EQ(run_task(reactor, pool.run("third", deadline::in(10s), two)).value(), 2);
    hang.release();
}

TEST(WorkerPool, LetsOneOwnerHaveAllButOneWorker)
{
    boost::asio::io_context reactor(1);  // Outlives the pool, whose abandoned jobs still hand over to it.
    worker_pool pool(3);
    std::promise<void> met;
    std::shared_future<void> both = met.get_future().share();
    std::atomic<int> here = 0;
    const auto meet = [&](const abandon_flag&) -> result<int> {
        if (++here == 2) met.set_value();
        both.wait();
        return 1;
    };
    logger log(log_level::error, log_format::text);
    task_group group(reactor.get_executor(), log);
    event ended;
    const auto ask = [&]() -> task<> {
        const auto got = co_await pool.run("dump", deadline::in(10s), meet);
        EXPECT_TRUE(got) << "neither ends without the other";
        ended.set();
    };
    group.spawn("first", ask());
    EXPECT_EQ(run_task(reactor, pool.run("dump", deadline::in(10s), meet)).value(), 1);
    EXPECT_EQ(run_task(reactor, ended.wait(deadline::in(10s))), wait_end::told);
}

TEST(WorkerPool, NamesTheQueueWhenNoWorkerGotFree)
{
    boost::asio::io_context reactor(1);  // Outlives the pool, whose abandoned job still hands over to it.
    worker_pool pool(1);
    std::promise<void> release;
    std::shared_future<void> released = release.get_future().share();
    const auto block = [released](const abandon_flag&) -> result<int> {
        released.wait();
        return 1;
    };
    const auto first = run_task(reactor, pool.run("first", deadline::in(20ms), block));
    ASSERT_EQ(first.error().message(), "first: not finished within 20ms");
    EXPECT_EQ(pool.busy(), 1U);
    EXPECT_EQ(pool.abandoned(), 1U);

    bool ran = false;
    const auto second = [&ran](const abandon_flag&) -> result<int> {
        ran = true;
        return 2;
    };
    const auto got = run_task(reactor, pool.run("second", deadline::in(20ms), second));
    EXPECT_EQ(got.error(), error(failure::timed_out, "second: no worker free within 20ms"));
    release.set_value();
    const auto third = [](const abandon_flag&) -> result<int> { return 3; };
    EXPECT_EQ(run_task(reactor, pool.run("third", deadline::in(10s), third)).value(), 3);
    EXPECT_FALSE(ran);
}

TEST(WorkerPool, RefusesWhatTheQueueCannotHold)
{
    worker_pool pool(1, 0);
    const auto work = [](const abandon_flag&) -> result<int> { return 1; };
    EXPECT_EQ(run_task(pool.run("work", deadline::in(10s), work)).error(),
              error(failure::overloaded,
                    "work: too many jobs are waiting already (0 at most, and of one kind no more "
                    "than there are places left), try again later"));
}

TEST(WorkerPool, LeavesPlacesInTheQueueToOtherKinds)
{
    boost::asio::io_context reactor(1);  // Outlives the pool, whose abandoned job still hands over to it.
    worker_pool pool(1, 4);
    hanging_job hang;
    ASSERT_FALSE(run_task(reactor, pool.run("hangs", deadline::in(20ms), hang)));
    logger log(log_level::error, log_format::text);
    task_group group(reactor.get_executor(), log);
    std::string refused;
    const auto ask = [&](std::string owner) -> task<> {
        const auto got = co_await pool.run(owner, deadline::in(10s), two);
        if (!got) refused += owner;
    };
    for (const char* const owner : {"a", "a", "a", "b", "b", "c", "d"}) group.spawn("asking", ask(owner));
    reactor.restart();
    reactor.poll();
    EXPECT_EQ(refused, "abd") << "of a two wait, of b and c one each";
    hang.release();
    EXPECT_TRUE(testing::run_until(reactor, [&] { return group.size() == 0; }));
    EXPECT_EQ(refused, "abd");
}

TEST(WorkerPool, DestroysWhatTheWorkOwnsBeforeTheCallerGoesOn)
{
    worker_pool pool(1);
    auto owned = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = owned;
    auto work = [owned = std::move(owned)](const abandon_flag&) -> result<int> { return *owned; };
    EXPECT_EQ(run_task(pool.run("work", deadline::in(10s), std::move(work))).value(), 1);
    EXPECT_TRUE(watched.expired());
}

TEST(WorkerPool, LetsGoWhenTheCallerIsCancelled)
{
    boost::asio::io_context reactor(1);  // Outlives the pool, whose abandoned job still hands over to it.
    worker_pool pool(1);
    const auto work = [](const abandon_flag& abandoned) -> result<int> {
        while (!abandoned.raised()) std::this_thread::yield();
        return 1;
    };
    logger log(log_level::error, log_format::text);
    task_group group(reactor.get_executor(), log);
    std::optional<error> told;
    const auto ask = [&]() -> task<> {
        const auto got = co_await pool.run("work", deadline::in(1h), work);
        told = got.error();
    };
    group.spawn("ask", ask());
    reactor.poll();
    EXPECT_TRUE(run_task(reactor, group.stop(deadline::in(10s))));
    EXPECT_EQ(told, error(failure::cancelled, "work: the caller went away"));
    EXPECT_EQ(pool.deadline_misses(), 0U);
}

}  // namespace
}  // namespace nodescope
