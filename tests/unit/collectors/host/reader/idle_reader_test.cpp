#include "collectors/host/reader/idle_reader.hpp"

#include "core/log.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>

namespace nodescope::host {
namespace {

using namespace std::chrono_literals;
using nodescope::testing::run_task;

TEST(IdleReader, EndsTheProcessAfterItsTimeAndTheNextQuestionStartsItAgain)
{
    boost::asio::io_context reactor(1);
    logger log(log_level::error, log_format::text);
    worker_pool pool(1);
    task_group group(reactor.get_executor(), log);
    const testing::temporary_root root;
    root.write("/proc/7/stat", "7 (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 0 0\n");
    root.write("/proc/7/cmdline", "seven");
    child_reader_options options;
    options.root = root.path();
    const auto reader = std::make_shared<child_reader>(options);
    idle_reader idle(reader, pool, group, 5ms);
    const auto ask = [&]() -> task<result<files::file_text>> {
        const auto work = [reader](const abandon_flag&) {
            return reader->blocking_command_line(7, 5, deadline::in(testing::hang_limit));
        };
        auto asking = pool.run("ask", deadline::in(testing::hang_limit), work);
        auto got = co_await std::move(asking);
        idle.touch();
        co_return got;
    };
    const auto until_idle = [&]() -> task<> {
        boost::asio::steady_timer pause(reactor);
        while (group.size() > 0) {
            pause.expires_after(1ms);
            co_await pause.async_wait(boost::asio::use_awaitable);
        }
    };

    for (std::uint64_t times = 1; times <= 2; ++times) {
        EXPECT_EQ(run_task(reactor, ask()).value().text, "seven");
        EXPECT_EQ(reader->statistics().started, times);
        EXPECT_EQ(group.size(), 1U);
        run_task(reactor, until_idle());
        EXPECT_EQ(group.size(), 0U);
    }
}

}  // namespace
}  // namespace nodescope::host
