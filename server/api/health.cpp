#include "server/api/health.hpp"

#include <fmt/format.h>

#include <utility>

namespace nodescope::api {

namespace {

constexpr const char* probe_text = "text/plain; charset=utf-8";

}  // namespace

std::vector<http::route> health_routes(std::function<steady_clock::duration()> hanging)
{
    const auto alive = [hanging = std::move(hanging)](const http::request&) -> task<http::reply> {
        const steady_clock::duration silent = hanging();
        if (silent < hang_limit) co_return http::reply(200, probe_text, "ok");
        const auto whole = std::chrono::floor<std::chrono::seconds>(silent);
        co_return http::reply(
            503, probe_text,
            fmt::format("all workers hang in the kernel, for {} now: nothing can be read of this node",
                        duration_text(whole)));
    };
    // A request is only ever read once the service listens with a valid configuration.
    const auto ready = [](const http::request&) -> task<http::reply> { co_return http::reply(200, probe_text, "ok"); };
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/healthz", alive, /*is_prefix=*/false, /*is_open=*/true);
    routes.emplace_back(http::method::get, "/readyz", ready, /*is_prefix=*/false, /*is_open=*/true);
    return routes;
}

}  // namespace nodescope::api
