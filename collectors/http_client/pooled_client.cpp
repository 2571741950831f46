#include "collectors/http_client/connection.hpp"
#include "collectors/http_client/exchange.hpp"
#include "collectors/http_client/idle_pool.hpp"
#include "collectors/http_client/request_text.hpp"
#include "collectors/http_client/tls.hpp"

namespace nodescope::http_client {

namespace {

class pooled_client final : public client {
public:
    pooled_client(const boost::asio::any_io_executor& executor, endpoint to, std::optional<tls_side> tls, options how)
        : connector_(executor, std::move(to), std::move(tls)),
          pool_(std::make_shared<idle_pool<connection>>(executor, how))
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
    std::shared_ptr<idle_pool<connection>> pool_;
};

}  // namespace

std::unique_ptr<client> make_client(boost::asio::any_io_executor executor, endpoint to, options how)
{
    return std::make_unique<pooled_client>(executor, std::move(to), std::nullopt, how);
}

result<std::unique_ptr<client>> make_tls_client(boost::asio::any_io_executor executor, endpoint to,
                                                const tls_identity& identity, options how)
{
    auto context = make_tls_context(identity);
    if (!context) return context.error();
    tls_side side(std::move(*context), identity.server_name.empty() ? to.host : identity.server_name);
    return std::unique_ptr<client>(std::make_unique<pooled_client>(executor, std::move(to), std::move(side), how));
}

}  // namespace nodescope::http_client
