// Which threads checks of passwords may take.
#include "server/auth/password_check.hpp"

#include "tests/support/run_task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <gtest/gtest.h>

namespace nodescope::auth {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct PasswordCheck : ::testing::Test {
    task<result<judgement>> check(std::string password)
    {
        return checks.check(users, "anna", std::move(password), deadline::in(testing::hang_limit));
    }

    asio::io_context reactor{1};
    worker_pool workers;
    password_check checks{workers};
    // Half a second for each check.
    std::shared_ptr<const password_table> users = std::make_shared<const password_table>(
        password_table::parse("anna:$2b$13$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "users").value());
};

TEST_F(PasswordCheck, TakesOneThreadAlsoWhenCallersGoAway)
{
    asio::cancellation_signal gone;
    bool left = false;
    asio::co_spawn(
        reactor, check("first"),
        asio::bind_cancellation_slot(gone.slot(), [&](const std::exception_ptr&, const result<judgement>& said) {
            EXPECT_FALSE(said);
            left = true;
        }));
    const auto give_up = steady_clock::now() + testing::hang_limit;
    while (workers.busy() == 0 && steady_clock::now() < give_up) reactor.poll();
    gone.emit(asio::cancellation_type::terminal);
    while (!left && steady_clock::now() < give_up) reactor.poll();
    ASSERT_TRUE(left);
    ASSERT_EQ(workers.busy(), 1U) << "the check itself cannot be ended";

    reactor.restart();
    bool answered = false;
    asio::co_spawn(reactor, check("second"), [&](const std::exception_ptr&, const result<judgement>& said) {
        EXPECT_TRUE(said && *said == judgement::refused);
        answered = true;
    });
    // Begun after it, done before the first check has ended: the other thread was free.
    auto nothing = [](const abandon_flag&) -> result<judgement> { return judgement::allowed; };
    const auto other =
        testing::run_task(reactor, workers.run("other", deadline::in(testing::hang_limit), std::move(nothing)));
    EXPECT_TRUE(other);
    EXPECT_EQ(workers.abandoned(), 1U);
    while (!answered && steady_clock::now() < give_up) reactor.run_one_for(10ms);
    EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace nodescope::auth
