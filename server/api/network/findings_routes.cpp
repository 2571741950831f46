#include "server/api/network/findings_routes.hpp"

#include "server/api/cadvisor/url_query.hpp"
#include "server/api/network/findings_reply.hpp"
#include "server/api/network/findings_request.hpp"
#include "server/api/network/json_failure.hpp"

#include <string>
#include <utility>

namespace nodescope::api {

namespace {

task<http::reply> findings_answer_to(findings_collector& findings, std::size_t max_reply, const http::request& asked)
{
    auto query = parse_findings_request(url_query(asked.query));
    if (!query) co_return json_failure(query.error());
    result<std::string> body;
    if (query->whose) {
        findings_query one(std::move(*query->whose), query->least);
        if (query->interval) one.interval = *query->interval;
        const auto made = co_await findings.collect(std::move(one), asked.limit);
        if (!made) co_return json_failure(made.error());
        body = findings_reply(*made, max_reply);
    } else {
        const auto made = co_await findings.collect_all(query->least, asked.limit);
        if (!made) co_return json_failure(made.error());
        body = node_findings_reply(*made, max_reply);
    }
    if (!body) co_return json_failure(body.error());
    co_return http::reply(200, "application/json", std::move(*body));
}

task<http::reply> findings_rules_answer(const findings_collector& findings)
{
    co_return http::reply(200, "application/json", findings_rules_reply(findings.off()));
}

}  // namespace

std::vector<http::route> findings_routes(findings_collector& findings, std::size_t max_reply)
{
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/v1/findings", [&findings, max_reply](const http::request& asked) {
        return findings_answer_to(findings, max_reply, asked);
    });
    routes.emplace_back(http::method::get, "/v1/findings/rules",
                        [&findings](const http::request& /*asked*/) { return findings_rules_answer(findings); });
    return routes;
}

}  // namespace nodescope::api
