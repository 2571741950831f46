#include "server/api/network/network_routes.hpp"

#include "server/api/cadvisor/url_query.hpp"
#include "server/api/network/json_failure.hpp"
#include "server/api/network/network_reply.hpp"
#include "server/api/network/network_request.hpp"

#include <utility>

namespace nodescope::api {

namespace {

task<http::reply> network_answer(network_collector& networks, std::size_t max_reply, const http::request& asked)
{
    auto query = parse_network_request(url_query(asked.query));
    if (!query) co_return json_failure(query.error());
    const auto found = co_await networks.collect(std::move(*query), asked.limit);
    if (!found) co_return json_failure(found.error());
    auto body = network_reply(*found, max_reply);
    if (!body) co_return json_failure(body.error());
    co_return http::reply(200, "application/json", std::move(*body));
}

}  // namespace

std::vector<http::route> network_routes(network_collector& networks, std::size_t max_reply)
{
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/v1/network", [&networks, max_reply](const http::request& asked) {
        return network_answer(networks, max_reply, asked);
    });
    return routes;
}

}  // namespace nodescope::api
