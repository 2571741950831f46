#include "server/auth/review_cache.hpp"

#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

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
    std::string user_of(const std::string& token)
    {
        const auto found = run_task(cache.user_of(token, deadline::in(5s)));
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
    review_cache cache{reviewer, 5s, [this] { return now; }};
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
