#include "server/api/network/topology_routes.hpp"

#include "core/shared_calls.hpp"
#include "server/api/cadvisor/url_query.hpp"
#include "server/api/network/json_failure.hpp"
#include "server/api/network/topology_reply.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace nodescope::api {

namespace {

using shared_answer = std::shared_ptr<const std::string>;
/// The reading keeps to its own limits, and who asks to theirs.
constexpr std::chrono::minutes longest_answer{1};

struct topology_context {
    topology_context(topology_collector& t, worker_pool& w, std::size_t bytes)
        : topology(t), workers(w), max_reply(bytes)
    {
    }
    topology_collector& topology;
    worker_pool& workers;
    const std::size_t max_reply;
    shared_calls<shared_answer> answers{longest_answer};
};

task<result<shared_answer>> made_answer(topology_context& context, deadline limit)
{
    auto read = co_await context.topology.look(limit);
    if (!read) co_return read.error();
    auto work = [read = std::move(*read), bytes = context.max_reply](const abandon_flag&) -> result<shared_answer> {
        return std::make_shared<const std::string>(topology_reply(*read, bytes));
    };
    co_return co_await context.workers.run("topology", "write the topology", limit, std::move(work));
}

task<http::reply> topology_answer(std::shared_ptr<topology_context> context, const http::request& asked)
{
    if (!asked.query.empty()) {
        co_return json_failure(error(failure::invalid, "topology: there are no parameters: it is always all of it"));
    }
    const auto begin = [of = context.get()](deadline own) { return made_answer(*of, own); };
    const auto made = co_await context->answers.join("topology", asked.limit, begin);
    if (!made) co_return json_failure(made.error());
    co_return http::reply(200, "application/json", *made);
}

}  // namespace

std::vector<http::route> topology_routes(topology_collector& topology, worker_pool& workers, std::size_t max_reply)
{
    const auto context = std::make_shared<topology_context>(topology, workers, max_reply);
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/v1/topology",
                        [context](const http::request& asked) { return topology_answer(context, asked); });
    return routes;
}

}  // namespace nodescope::api
