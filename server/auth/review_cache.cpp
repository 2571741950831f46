#include "server/auth/review_cache.hpp"

#include "server/auth/digest.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace nodescope::auth {

namespace asio = boost::asio;

namespace {

/// The error messages of a shared call contain its key, which is a hash here.
error without_key(const error& from, std::string_view what)
{
    if (from.kind() == failure::timed_out || from.kind() == failure::cancelled) {
        return error(from.kind(), std::string(what) + ": no answer in time");
    }
    return from;
}

}  // namespace

review_cache::review_cache(access_reviewer& reviewer, failure_limiter& failures, steady_clock::duration limit,
                           clock now)
    : reviewer_(reviewer),
      failures_(failures),
      users_(most_entries, allowed_for, now),
      nobodies_(most_entries, denied_for, now),
      known_(most_entries, known_for, now),
      known_callers_(most_entries, known_for, now),
      allowed_(most_entries, allowed_for, now),
      refused_(most_entries, denied_for, now),
      user_calls_(limit),
      access_calls_(limit)
{
}

task<result<review_cache::user>> review_cache::user_of(std::string token, std::string caller, deadline limit)
{
    std::string key = digest_key(token);
    if (const user* const known = users_.find(key)) co_return *known;
    if (nobodies_.find(key) != nullptr) co_return user();
    const auto begin = [this, &key, &token, &caller](deadline own) { return review_user(key, token, caller, own); };
    auto found = co_await user_calls_.join(key, limit, begin);
    if (!found) co_return without_key(found.error(), "token review");
    co_return found;
}

bool review_cache::has_known(const std::string& token)
{
    const std::string key = digest_key(token);
    return known_.find(key) != nullptr && nobodies_.find(key) == nullptr;
}

bool review_cache::has_refused(const std::string& token) { return nobodies_.find(digest_key(token)) != nullptr; }

task<result<review_cache::user>> review_cache::review_user(std::string key, std::string token, std::string caller,
                                                           deadline limit)
{
    if (known_.find(key) != nullptr) {
        co_return co_await review_in(kept_, std::move(key), std::move(token), std::move(caller), limit);
    }
    co_return co_await review_in_turn(std::move(key), std::move(token), std::move(caller), limit);
}

/// Of a token that may be a guess.
task<result<review_cache::user>> review_cache::review_in_turn(std::string key, std::string token, std::string caller,
                                                              deadline limit)
{
    const auto turn = co_await callers_.take(caller, limit);
    if (!turn) co_return turn.error();
    co_await rest(caller, limit);
    // Who has had a good token may have been given the next one.
    slot_pool& places = known_callers_.find(caller) != nullptr ? kept_ : others_;
    co_return co_await review_in(places, std::move(key), std::move(token), std::move(caller), limit);
}

/// Until the caller has not failed too often.
task<> review_cache::rest(std::string caller, deadline limit)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    while (failures_.exhausted(caller) && !limit.passed()) {
        timer.expires_after(std::min(failures_.wait_of(caller), limit.remaining()));
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

task<result<review_cache::user>> review_cache::review_in(slot_pool& places, std::string key, std::string token,
                                                         std::string caller, deadline limit)
{
    const auto slot = co_await places.acquire(limit);
    if (!slot) co_return slot.error();
    auto reviewed = co_await reviewer_.review_token(std::move(token), limit);
    if (!reviewed) co_return reviewed.error();
    user found;
    if (*reviewed) {
        found = std::make_shared<const reviewed_user>(std::move(**reviewed));
        known_.put(key, true);
        known_callers_.put(std::move(caller), true);
        users_.put(std::move(key), found);
    } else {
        nobodies_.put(std::move(key), true);
    }
    co_return found;
}

task<result<judgement>> review_cache::may(user who, access_question what, deadline limit)
{
    std::string key = digest_key(framed({who->name, who->details, what.verb, what.subresource}));
    if (allowed_.find(key) != nullptr) co_return judgement::allowed;
    if (refused_.find(key) != nullptr) co_return judgement::refused;
    const auto begin = [this, &key, &who, &what](deadline own) { return review_access(key, who, what, own); };
    auto answer = co_await access_calls_.join(key, limit, begin);
    if (!answer) co_return without_key(answer.error(), "access review");
    co_return answer;
}

task<result<judgement>> review_cache::review_access(std::string key, user who, access_question what, deadline limit)
{
    const auto slot = co_await kept_.acquire(limit);
    if (!slot) co_return slot.error();
    reviewed_user asked = *who;
    auto answer = co_await reviewer_.review_access(std::move(asked), std::move(what), limit);
    if (!answer) co_return answer.error();
    (*answer == judgement::allowed ? allowed_ : refused_).put(std::move(key), true);
    co_return answer;
}

}  // namespace nodescope::auth
