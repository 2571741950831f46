#include "collectors/http_client/connection.hpp"
#include "collectors/http_client/exchange.hpp"
#include "collectors/http_client/request_text.hpp"
#include "collectors/http_client/tls.hpp"

#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace nodescope::http_client {

namespace {

/// Idle connections, newest last, because the newest is the least likely to have been closed by the peer.
class idle_pool : public std::enable_shared_from_this<idle_pool> {
public:
    using entry = std::unique_ptr<connection>;

    idle_pool(const boost::asio::any_io_executor& executor, options how) : how_(how), timer_(executor) {}

    /// A connection on which the peer has neither closed nor spoken, or nothing.
    entry take()
    {
        drop_old();
        while (!idle_.empty()) {
            entry candidate = std::move(idle_.back().first);
            idle_.pop_back();
            if (is_quiet(candidate->descriptor())) return candidate;
        }
        return nullptr;
    }

    void give_back(entry used, std::uint64_t generation)
    {
        if (generation != generation_ || how_.idle_limit == 0) return;
        used->expires_never();
        if (idle_.size() >= how_.idle_limit) idle_.erase(idle_.begin());
        idle_.emplace_back(std::move(used), steady_clock::now() + how_.idle_lifetime);
        if (!timer_set_) set_timer();
    }

    void clear()
    {
        ++generation_;
        idle_.clear();
        timer_.cancel();
    }

    /// Changes with each clear(): a connection made before it is not taken back after it.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

private:
    static bool is_quiet(int descriptor) noexcept
    {
        char byte = 0;
        return ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    void drop_old()
    {
        const auto now = steady_clock::now();
        std::erase_if(idle_, [now](const auto& one) { return one.second <= now; });
    }

    void set_timer()
    {
        timer_set_ = true;
        timer_.expires_at(idle_.front().second);
        timer_.async_wait([weak = weak_from_this()](boost::system::error_code) {
            const auto self = weak.lock();
            if (!self) return;
            self->timer_set_ = false;
            self->drop_old();
            if (!self->idle_.empty()) self->set_timer();
        });
    }

    options how_;
    boost::asio::steady_timer timer_;
    bool timer_set_ = false;
    std::uint64_t generation_ = 0;
    std::vector<std::pair<entry, steady_clock::time_point>> idle_;
};

class pooled_client final : public client {
public:
    pooled_client(const boost::asio::any_io_executor& executor, endpoint to, std::optional<tls_side> tls, options how)
        : connector_(executor, std::move(to), std::move(tls), how), pool_(std::make_shared<idle_pool>(executor, how))
    {
    }
    pooled_client(const pooled_client&) = delete;
    pooled_client& operator=(const pooled_client&) = delete;
    ~pooled_client() override { pool_->clear(); }

    task<outcome> round_trip(request call, deadline limit) override
    {
        outcome refused;
        const auto bytes = request_text(call);
        if (!bytes) {
            refused.why = round_trip_failure(phase::send, bytes.error().kind(), 0, bytes.error().message());
            co_return refused;
        }
        if (auto pooled = pool_->take()) {
            pooled->expires_at(limit.at());
            exchange_end end = co_await run(std::move(pooled), *bytes, call, limit);
            if (!end.closed_unanswered || !is_repeatable(call)) co_return std::move(end.out);
        }
        auto opened = co_await connector_.open(limit);
        if (!opened.made) {
            refused.why = std::move(opened.why);
            co_return refused;
        }
        exchange_end end = co_await run(std::move(opened.made), *bytes, call, limit);
        co_return std::move(end.out);
    }

    void drop_idle() override { pool_->clear(); }

private:
    /// Destroying the connection closes it: that is what happens to it on every way out but the good one.
    task<exchange_end> run(std::unique_ptr<connection> on, const std::string& bytes, const request& call,
                           deadline limit)
    {
        const std::uint64_t generation = pool_->generation();
        exchange_end end = co_await exchange(*on, bytes, call, limit);
        if (end.reusable) pool_->give_back(std::move(on), generation);
        co_return end;
    }

    connector connector_;
    std::shared_ptr<idle_pool> pool_;
};

}  // namespace

result<std::unique_ptr<client>> make_client(boost::asio::any_io_executor executor, endpoint to,
                                            const tls_identity& identity, options how)
{
    std::optional<tls_side> tls;
    if (to.kind == endpoint::transport::tls) {
        auto context = make_tls_context(identity);
        if (!context) return context.error();
        tls.emplace(std::move(*context), identity.server_name.empty() ? to.host : identity.server_name);
    }
    return std::unique_ptr<client>(std::make_unique<pooled_client>(executor, std::move(to), std::move(tls), how));
}

}  // namespace nodescope::http_client
