#include "server/run/watchdog.hpp"

#include "core/task_group.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <future>
#include <memory>

namespace nodescope {
namespace {

using namespace std::chrono_literals;
using nodescope::testing::run_task;
using nodescope::testing::run_until;

constexpr auto limit = 4ms;

class Watchdog : public ::testing::Test {
protected:
    void hang(worker_pool& pool, const char* owner)
    {
        const auto wait = [released = released_](const abandon_flag&) -> result<int> {
            released.wait();
            return 1;
        };
        // On a busy machine the limit may end before the job has begun: it is dropped then.
        const std::size_t before = pool.busy();
        do ASSERT_FALSE(run_task(reactor_, pool.run(owner, deadline::in(1ms), wait)));
        while (pool.busy() == before);
    }
    void watch(worker_pool& pool)
    {
        group_.spawn("watchdog", watch_over({&pool}, limit, [this] { ++signs_; }));
    }
    /// Lets the reactor run for so many rounds of the watchdog.
    void let_pass(int rounds)
    {
        const auto pass = [this, rounds]() -> task<> {
            boost::asio::steady_timer timer(reactor_, rounds * limit);
            co_await timer.async_wait(boost::asio::use_awaitable);
        };
        run_task(reactor_, pass());
    }
    void until_signs(int count)
    {
        EXPECT_TRUE(run_until(reactor_, [this, count] { return signs_ >= count; }));
    }
    void end() { EXPECT_TRUE(run_task(reactor_, group_.stop(deadline::in(10s)))); }

    boost::asio::io_context reactor_{1};
    logger log_{log_level::error, log_format::text};
    task_group group_{reactor_.get_executor(), log_};
    std::promise<void> release_;
    std::shared_future<void> released_ = release_.get_future().share();
    int signs_ = 0;
};

TEST_F(Watchdog, GivesSignsWhileOneWorkerHangs)
{
    worker_pool pool(2);
    hang(pool, "one");
    watch(pool);
    until_signs(5);
    release_.set_value();
    end();
}

TEST_F(Watchdog, IsSilentWhileAllHangAndGoesOnWhenOneComesBack)
{
    worker_pool pool(2);
    hang(pool, "one");
    hang(pool, "another");
    watch(pool);
    let_pass(10);
    EXPECT_EQ(signs_, 1) << "the one before the first roll call";
    release_.set_value();
    until_signs(3);
    end();
}

}  // namespace
}  // namespace nodescope
