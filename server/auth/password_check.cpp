#include "server/auth/password_check.hpp"

#include "server/auth/digest.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <stdexcept>
#include <utility>

#include <openssl/rand.h>

namespace nodescope::auth {

namespace asio = boost::asio;

namespace {

/// A slot that its last holder gives back, on any thread.
std::shared_ptr<const slot_pool::slot> shared_slot(const asio::any_io_executor& reactor, slot_pool::slot taken)
{
    const auto give_back = [reactor](const slot_pool::slot* held) {
        asio::post(reactor, [owner = std::unique_ptr<const slot_pool::slot>(held)] {});
    };
    return {new slot_pool::slot(std::move(taken)), give_back};
}

}  // namespace

password_check::password_check(worker_pool& workers)
    : workers_(workers), right_(most_entries, remembered_for), salt_(sizeof(digest), '\0')
{
    if (RAND_bytes(reinterpret_cast<unsigned char*>(salt_.data()), static_cast<int>(salt_.size())) != 1) {
        throw std::runtime_error("OpenSSL gives no random bytes");
    }
}

task<result<judgement>> password_check::check(std::shared_ptr<const password_table> users, std::string user,
                                              std::string password, deadline limit)
{
    const std::string* const known = users->hash_of(user);
    std::string hash;
    if (known != nullptr) hash = *known;
    std::string key = digest_key(framed({salt_, user, hash, password}));
    if (!hash.empty() && right_.find(key) != nullptr) co_return judgement::allowed;

    auto slot = co_await slots_.acquire(limit);
    if (!slot) co_return slot.error();
    // A caller before us in the queue may have found out.
    if (!hash.empty() && right_.find(key) != nullptr) co_return judgement::allowed;
    const int cost = users->highest_cost();
    // A check under way cannot be stopped, so it keeps the slot itself: otherwise callers that ask and go away could
    // occupy the other thread as well.
    const asio::any_io_executor reactor = co_await asio::this_coro::executor;
    auto held = shared_slot(reactor, std::move(*slot));
    auto work = [held = std::move(held), password = std::move(password), hash = std::move(hash),
                 cost](const abandon_flag&) -> result<judgement> {
        return blocking_check_password(password, hash, cost) ? judgement::allowed : judgement::refused;
    };
    const auto right = co_await workers_.run("password check", limit, std::move(work));
    if (right && *right == judgement::allowed) right_.put(std::move(key), true);
    co_return right;
}

}  // namespace nodescope::auth
