#include "server/auth/password_check.hpp"

#include "server/auth/digest.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include <openssl/rand.h>

namespace nodescope::auth {

namespace asio = boost::asio;

/// Who has a check waiting or under way, and who pauses.
struct password_check::peer_places {
    peer_places() = default;
    std::set<std::string> taken;
    expiring_cache<steady_clock::time_point> paused{most_paused, longest_pause};
    /// Beyond this many the oldest pause ends early.
    static constexpr std::size_t most_paused = 1'024;

    bool take(const std::string& peer)
    {
        const auto* const until = paused.find(peer);
        return (until == nullptr || *until <= steady_clock::now()) && taken.insert(peer).second;
    }
};

/// The place of a peer and the slot of its check.
struct password_check::turn {
    turn(std::shared_ptr<peer_places> of, std::string p) : places(std::move(of)), peer(std::move(p)) {}
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn()
    {
        places->taken.erase(peer);
        if (!wrong || took <= cheap_check) return;
        const auto pause = std::min<steady_clock::duration>(took * pause_factor, longest_pause);
        places->paused.put(peer, steady_clock::now() + pause);
    }

    std::shared_ptr<peer_places> places;
    std::string peer;
    slot_pool::slot slot;
    // Written by the check, on its thread.
    bool wrong = false;
    steady_clock::duration took{};
};

password_check::password_check(worker_pool& workers)
    : workers_(workers),
      places_(std::make_shared<peer_places>()),
      right_(most_entries, remembered_for),
      salt_(sizeof(digest), '\0')
{
    if (RAND_bytes(reinterpret_cast<unsigned char*>(salt_.data()), static_cast<int>(salt_.size())) != 1) {
        throw std::runtime_error("OpenSSL gives no random bytes");
    }
}

password_check::question password_check::question_of(const password_table& users, const std::string& user,
                                                     const std::string& password) const
{
    question out;
    if (const std::string* const known = users.hash_of(user)) out.hash = *known;
    out.key = digest_key(framed({salt_, user, out.hash, password}));
    out.password = password;
    out.cost = users.highest_cost();
    return out;
}

bool password_check::recall(const question& what)
{
    if (what.hash.empty() || right_.find(what.key) == nullptr) return false;
    right_.put(what.key, true);  // the hour begins again
    return true;
}

bool password_check::remembers(const password_table& users, const std::string& user, const std::string& password)
{
    return recall(question_of(users, user, password));
}

task<result<judgement>> password_check::check(std::shared_ptr<const password_table> users, std::string user,
                                              std::string password, std::string peer, deadline limit)
{
    question what = question_of(*users, user, password);
    if (recall(what)) co_return judgement::allowed;
    // Not shared between peers: one that is let in must not wait as another one's guess, nor profit from its place.
    const std::string key = framed({peer, what.key});
    const auto begin = [this, &what, &peer](deadline own) { return check_in_turn(what, peer, own); };
    auto right = co_await calls_.join(key, limit, begin);
    // The message of a shared call contains its key.
    if (!right && (right.error().kind() == failure::timed_out || right.error().kind() == failure::cancelled)) {
        co_return error(right.error().kind(), "password check: not finished in time");
    }
    co_return right;
}

task<result<judgement>> password_check::check_in_turn(question what, std::string peer, deadline limit)
{
    if (!places_->take(peer)) {
        co_return error(failure::overloaded, "password check: another one of this peer is under way");
    }
    auto mine = std::make_unique<turn>(places_, std::move(peer));
    auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    mine->slot = std::move(*slot);
    // A check under way cannot be stopped, so it keeps its place and slot itself, and the last to let go gives them
    // back on the reactor: otherwise callers that ask and go away could occupy the other threads as well.
    const asio::any_io_executor reactor = co_await asio::this_coro::executor;
    const auto give_back = [reactor](turn* held) { asio::post(reactor, [owner = std::unique_ptr<turn>(held)] {}); };
    std::shared_ptr<turn> held(mine.release(), give_back);
    std::string key = what.key;
    auto work = [held = std::move(held), what = std::move(what)](const abandon_flag&) -> result<judgement> {
        const auto began = steady_clock::now();
        const bool right = blocking_check_password(what.password, what.hash, what.cost);
        held->wrong = !right;
        held->took = steady_clock::now() - began;
        return right ? judgement::allowed : judgement::refused;
    };
    const auto right = co_await workers_.run("password check", limit, std::move(work));
    if (right && *right == judgement::allowed) right_.put(std::move(key), true);
    co_return right;
}

}  // namespace nodescope::auth
