#include "server/api/network/path_routes.hpp"

#include "server/api/cadvisor/url_query.hpp"
#include "server/api/network/json_failure.hpp"
#include "server/api/network/path_reply.hpp"
#include "server/api/network/path_request.hpp"

#include <utility>

namespace nodescope::api {

namespace {

task<http::reply> path_answer(path_collector& paths, std::size_t max_reply, const http::request& asked)
{
    auto query = parse_path_request(url_query(asked.query));
    if (!query) co_return json_failure(query.error());
    const auto found = co_await paths.collect(std::move(*query), asked.limit);
    if (!found) co_return json_failure(found.error());
    auto body = path_reply(*found, max_reply);
    if (!body) co_return json_failure(body.error());
    co_return http::reply(200, "application/json", std::move(*body));
}

}  // namespace

std::vector<http::route> path_routes(path_collector& paths, std::size_t max_reply)
{
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/v1/path", [&paths, max_reply](const http::request& asked) {
        return path_answer(paths, max_reply, asked);
    });
    return routes;
}

}  // namespace nodescope::api
