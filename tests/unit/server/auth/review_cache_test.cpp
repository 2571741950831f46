#include "server/auth/review_cache.hpp"

#include "core/event.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/run_until.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <string>
#include <vector>

namespace nodescope::auth {
namespace {

using namespace std::chrono_literals;
using testing::run_task;

struct fake_reviewer final : access_reviewer {
    task<result<std::optional<reviewed_user>>> review_token(std::string token, deadline) override
    {
        tokens.push_back(token);
        if (fails) co_return error(failure::unavailable, "no API server");
        std::optional<reviewed_user> found;
        if (token.starts_with("good")) {
            found.emplace();
            found->name = "user of " + token;
        }
        co_return found;
    }
    task<result<judgement>> review_access(reviewed_user who, access_question what, deadline) override
    {
        questions.push_back(who.name + " " + what.verb + " " + what.subresource);
        if (fails) co_return error(failure::unavailable, "no API server");
        if (what.verb == "get") co_return judgement::allowed;
        co_return judgement::refused;
    }
    bool fails = false;
    std::vector<std::string> tokens;
    std::vector<std::string> questions;
};

struct ReviewCache : ::testing::Test {
    std::string user_of(const std::string& token, const std::string& caller = "a caller")
    {
        const auto found = run_task(cache.user_of(token, caller, deadline::in(5s)));
        if (!found) return "error";
        return *found ? (*found)->name : "nobody";
    }
    judgement may(const std::string& name, const std::string& verb)
    {
        auto who = std::make_shared<reviewed_user>();
        who->name = name;
        access_question what;
        what.verb = verb;
        what.subresource = "stats";
        return run_task(cache.may(who, what, deadline::in(5s))).value();
    }
    steady_clock::time_point now = steady_clock::now();
    fake_reviewer reviewer;
    failure_limiter failures{[this] { return now; }};
    review_cache cache{reviewer, failures, 5s, [this] { return now; }};
};

TEST_F(ReviewCache, RemembersForAsLongAsItMay)
{
    EXPECT_LE(review_cache::allowed_for, 2min);
    EXPECT_LE(review_cache::denied_for, 10s);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(user_of("good"), "user of good");
        EXPECT_EQ(user_of("bad"), "nobody");
    }
    EXPECT_EQ(reviewer.tokens, (std::vector<std::string>{"good", "bad"}));
    now += review_cache::denied_for;
    user_of("good");
    user_of("bad");
    EXPECT_EQ(reviewer.tokens.size(), 3U);
    now += review_cache::allowed_for;
    user_of("good");
    EXPECT_EQ(reviewer.tokens.size(), 4U);
}

TEST_F(ReviewCache, DoesNotRememberFailures)
{
    reviewer.fails = true;
    EXPECT_EQ(user_of("good"), "error");
    reviewer.fails = false;
    EXPECT_EQ(user_of("good"), "user of good");
}

TEST_F(ReviewCache, IsNotEmptiedByInventedTokens)
{
    user_of("good");
    for (std::size_t i = 0; i < 2 * review_cache::most_entries; ++i) user_of("bad" + std::to_string(i));
    const std::size_t asked = reviewer.tokens.size();
    EXPECT_EQ(user_of("good"), "user of good");
    EXPECT_EQ(reviewer.tokens.size(), asked);
}

/// Tokens wait in it for as long as the test wants.
struct slow_reviewer final : access_reviewer {
    task<result<std::optional<reviewed_user>>> review_token(std::string token, deadline limit) override
    {
        tokens.push_back(token);
        std::optional<reviewed_user> found;
        if (token.starts_with("good")) found.emplace();
        else static_cast<void>(co_await answers.wait(limit));
        co_return found;
    }
    task<result<judgement>> review_access(reviewed_user, access_question, deadline) override
    {
        co_return judgement::allowed;
    }
    event answers;
    std::vector<std::string> tokens;
};

struct ReviewsInTurn : ::testing::Test {
    task<> ask(std::string token, std::string caller)
    {
        const auto found = co_await cache.user_of(token, std::move(caller), deadline::in(10s));
        if (found) order.push_back(std::move(token));
        else if (found.error().kind() == failure::overloaded) turned_away.push_back(std::move(token));
    }
    void start(const std::string& token, const std::string& caller)
    {
        boost::asio::co_spawn(reactor, ask(token, caller), boost::asio::detached);
        reactor.restart();
        reactor.poll();
    }
    void answer_all()
    {
        reviewer.answers.set();
        reactor.restart();
        reactor.run();
    }
    boost::asio::io_context reactor{1};
    steady_clock::time_point now = steady_clock::now();
    slow_reviewer reviewer;
    failure_limiter failures{[this] { return now; }};
    review_cache cache{reviewer, failures, 10s, [this] { return now; }};
    std::vector<std::string> order;
    std::vector<std::string> turned_away;
};

TEST_F(ReviewsInTurn, OfEachCallerOneAtATime)
{
    for (const char* const token : {"bad1", "bad2", "bad3"}) start(token, "a stranger");
    start("good", "somebody else");
    EXPECT_EQ(reviewer.tokens, (std::vector<std::string>{"bad1", "good"}));
    EXPECT_EQ(order, (std::vector<std::string>{"good"}));
    answer_all();
    EXPECT_EQ(order, (std::vector<std::string>{"good", "bad1", "bad2", "bad3"}));
}

TEST_F(ReviewsInTurn, ManyStrangersDoNotKeepKnownCallersWaiting)
{
    start("good1", "known");
    constexpr std::size_t at_once = review_cache::most_reviews - review_cache::kept_reviews;
    for (std::size_t i = 0; i < at_once + review_cache::most_waiting; ++i) {
        start("bad" + std::to_string(i), "stranger " + std::to_string(i));
    }
    start("bad", "one too many");
    EXPECT_EQ(turned_away, (std::vector<std::string>{"bad"}));
    EXPECT_EQ(reviewer.tokens.size(), 1 + at_once);
    now += review_cache::allowed_for;
    start("good1", "known");  // again
    start("good2", "known");  // renewed
    EXPECT_EQ(order, (std::vector<std::string>{"good1", "good1", "good2"}));
    answer_all();
}

TEST_F(ReviewsInTurn, WhoFailsTooOftenWaits)
{
    reviewer.answers.set();
    while (!failures.exhausted("a stranger")) failures.count("a stranger");
    start("bad", "a stranger");
    start("good", "a stranger");
    EXPECT_EQ(reviewer.tokens, std::vector<std::string>());
    now += 1s;
    ASSERT_TRUE(testing::run_until(reactor, [this] { return order.size() == 2; }));
    EXPECT_EQ(order, (std::vector<std::string>{"bad", "good"}));
}

TEST_F(ReviewCache, TellsQuestionsApart)
{
    EXPECT_EQ(may("a", "get"), judgement::allowed);
    EXPECT_EQ(may("a", "create"), judgement::refused);
    EXPECT_EQ(may("ag", "et"), judgement::refused);
    EXPECT_EQ(may("a", "get"), judgement::allowed);
    EXPECT_EQ(reviewer.questions, (std::vector<std::string>{"a get stats", "a create stats", "ag et stats"}));
}

}  // namespace
}  // namespace nodescope::auth
