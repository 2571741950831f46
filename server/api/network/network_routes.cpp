#include "server/api/network/network_routes.hpp"

#include "core/shared_calls.hpp"
#include "server/api/cadvisor/url_query.hpp"
#include "server/api/network/json_failure.hpp"
#include "server/api/network/network_reply.hpp"
#include "server/api/network/network_request.hpp"

#include <memory>
#include <string>
#include <utility>

namespace nodescope::api {

namespace {

using shared_text = std::shared_ptr<const std::string>;

/// The answers, each read and written once for all who ask the same at the same time.
class network_answers {
public:
    network_answers(network_collector& networks, std::size_t max_reply) : networks_(networks), max_reply_(max_reply) {}

    task<result<shared_text>> join(std::string asked, network_query query, deadline limit)
    {
        // As long as its first asker waits: then the reading below knows what was late, and says so.
        next_limit_ = limit.remaining();
        auto begin = [&networks = networks_, max_reply = max_reply_, query = std::move(query)](deadline of_call) {
            return make(networks, query, max_reply, of_call);
        };
        co_return co_await calls_.join(std::move(asked), limit, std::move(begin));
    }

private:
    static task<result<shared_text>> make(network_collector& networks, network_query query, std::size_t max_reply,
                                          deadline limit)
    {
        const auto found = co_await networks.collect(std::move(query), limit);
        if (!found) co_return found.error();
        auto body = network_reply(*found, max_reply);
        if (!body) co_return body.error();
        co_return std::make_shared<const std::string>(std::move(*body));
    }

    network_collector& networks_;
    const std::size_t max_reply_;
    steady_clock::duration next_limit_{};
    shared_calls<shared_text> calls_{[this] { return next_limit_; }};
};

task<http::reply> network_answer(std::shared_ptr<network_answers> answers, const http::request& asked)
{
    auto query = parse_network_request(url_query(asked.query));
    if (!query) co_return json_failure(query.error());
    std::string key = "network?" + std::string(asked.query);
    auto joining = answers->join(std::move(key), std::move(*query), asked.limit);
    const auto body = co_await std::move(joining);
    if (!body) co_return json_failure(body.error());
    co_return http::reply(200, "application/json", *body);
}

}  // namespace

std::vector<http::route> network_routes(network_collector& networks, std::size_t max_reply)
{
    const auto answers = std::make_shared<network_answers>(networks, max_reply);
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/v1/network",
                        [answers](const http::request& asked) { return network_answer(answers, asked); });
    return routes;
}

}  // namespace nodescope::api
