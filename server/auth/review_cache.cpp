#include "server/auth/review_cache.hpp"

#include "server/auth/digest.hpp"

#include <utility>

namespace nodescope::auth {

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

review_cache::review_cache(access_reviewer& reviewer, steady_clock::duration limit, clock now)
    : reviewer_(reviewer),
      users_(most_entries, allowed_for, now),
      nobodies_(most_entries, denied_for, now),
      allowed_(most_entries, allowed_for, now),
      refused_(most_entries, denied_for, now),
      user_calls_(limit),
      access_calls_(limit)
{
}

task<result<review_cache::user>> review_cache::user_of(std::string token, deadline limit)
{
    std::string key = digest_key(token);
    if (const user* const known = users_.find(key)) co_return *known;
    if (nobodies_.find(key) != nullptr) co_return user();
    const auto begin = [this, &key, &token](deadline own) { return ask_user(key, token, own); };
    auto found = co_await user_calls_.join(key, limit, begin);
    if (!found) co_return without_key(found.error(), "token review");
    co_return found;
}

task<result<review_cache::user>> review_cache::ask_user(std::string key, std::string token, deadline limit)
{
    const auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    auto reviewed = co_await reviewer_.review_token(std::move(token), limit);
    if (!reviewed) co_return reviewed.error();
    user found;
    if (*reviewed) {
        found = std::make_shared<const reviewed_user>(std::move(**reviewed));
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
    const auto begin = [this, &key, &who, &what](deadline own) { return ask_access(key, who, what, own); };
    auto answer = co_await access_calls_.join(key, limit, begin);
    if (!answer) co_return without_key(answer.error(), "access review");
    co_return answer;
}

task<result<judgement>> review_cache::ask_access(std::string key, user who, access_question what, deadline limit)
{
    const auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    reviewed_user asked = *who;
    auto answer = co_await reviewer_.review_access(std::move(asked), std::move(what), limit);
    if (!answer) co_return answer.error();
    (*answer == judgement::allowed ? allowed_ : refused_).put(std::move(key), true);
    co_return answer;
}

}  // namespace nodescope::auth
