#include "server/api/status.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

std::string_view up_text(const backend_statistics& backend)
{
    if (!backend.up) return "null";
    return *backend.up ? "true" : "false";
}

/// {"docker":{…},"kubernetes":{…}}
std::string backends_text(const std::vector<backend_state>& backends)
{
    std::string text;
    for (const backend_state& one : backends) {
        const backend_statistics& counts = one.statistics;
        text += fmt::format("{}{}:{{\"up\":{},\"calls\":{},\"failures\":{},\"deadlineMisses\":{}}}",
                            text.empty() ? "" : ",", json_string(one.name), up_text(counts), counts.calls,
                            counts.failures, counts.deadline_misses);
    }
    return "{" + text + "}";
}

/// {"tokens":"in use","certificates":"outdated"}
std::string credentials_text(const std::vector<auth::reload_statistics>& reloads)
{
    std::string text;
    for (const auth::reload_statistics& one : reloads) {
        text += fmt::format("{}{}:\"{}\"", text.empty() ? "" : ",", json_string(one.what),
                            one.outdated ? "outdated" : "in use");
    }
    return "{" + text + "}";
}

}  // namespace

std::string status_text(const service_state& state)
{
    return fmt::format(
        "{{\"version\":\"{}\",\"connections\":{},\"requestsInFlight\":{},\"backends\":{},"
        "\"kernelReads\":{{\"running\":{},\"hanging\":{},\"deadlineMisses\":{}}},\"credentials\":{}}}\n",
        NODESCOPE_VERSION, state.connections, state.server.in_flight, backends_text(state.backends), state.workers_busy,
        state.workers_abandoned, state.worker_deadline_misses, credentials_text(state.access.reloads));
}

std::vector<http::route> status_routes(std::function<service_state()> state)
{
    const auto answer = [state = std::move(state)](const http::request&) -> task<http::reply> {
        co_return http::reply(200, "application/json; charset=utf-8", status_text(state()));
    };
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/status", answer).gives = http::area::metrics;
    return routes;
}

}  // namespace nodescope::api
