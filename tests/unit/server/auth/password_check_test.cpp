// Which threads checks of passwords may take.
#include "server/auth/password_check.hpp"

#include "tests/support/run_task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::auth {
namespace {

namespace asio = boost::asio;

struct PasswordCheck : ::testing::Test {
    task<result<judgement>> check(std::string password, std::string peer = "a peer")
    {
        return checks.check(users, "anna", std::move(password), std::move(peer), deadline::in(testing::hang_limit));
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
    ASSERT_TRUE(testing::run_until(reactor, [&] { return workers.busy() != 0; }));
    gone.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(testing::run_until(reactor, [&] { return left; }));
    ASSERT_EQ(workers.busy(), 1U) << "the check itself cannot be ended";

    reactor.restart();
    bool answered = false;
    asio::co_spawn(reactor, check("second", "another peer"),
                   [&](const std::exception_ptr&, const result<judgement>& said) {
                       EXPECT_TRUE(said && *said == judgement::refused);
                       answered = true;
                   });
    // Begun after it, done before the first check has ended: the other thread was free.
    auto nothing = [](const abandon_flag&) -> result<judgement> { return judgement::allowed; };
    const auto other =
        testing::run_task(reactor, workers.run("other", deadline::in(testing::hang_limit), std::move(nothing)));
    EXPECT_TRUE(other);
    EXPECT_EQ(workers.abandoned(), 1U);
    EXPECT_TRUE(testing::run_until(reactor, [&] { return answered; }));
}

TEST_F(PasswordCheck, IsOneForEachPeer)
{
    std::vector<std::string> said;
    const auto ask = [&](std::string password, const std::string& peer) {
        asio::co_spawn(reactor, check(std::move(password), peer),
                       [&said, peer](const std::exception_ptr&, const result<judgement>& outcome) {
                           const bool later = !outcome && outcome.error().kind() == failure::overloaded;
                           said.push_back(peer + (later ? " later" : outcome ? " checked" : " failed"));
                       });
    };
    ask("one", "a");
    ask("one", "a");  // shares the check
    ask("two", "a");
    ask("three", "a");
    ask("one", "b");
    ASSERT_TRUE(testing::run_until(reactor, [&] { return said.size() == 5; }));
    const std::vector<std::string> expected{"a later", "a later", "a checked", "a checked", "b checked"};
    EXPECT_EQ(said, expected);
    // After a check as expensive as that, a wrong peer pauses, and another one does not.
    reactor.restart();
    ask("four", "a");
    ask("four", "c");
    ASSERT_TRUE(testing::run_until(reactor, [&] { return said.size() == 7; }));
    EXPECT_EQ(said[5], "a later");
    EXPECT_EQ(said[6], "c checked");
}

}  // namespace
}  // namespace nodescope::auth
