#include "server/api/health.hpp"

namespace nodescope::api {

std::vector<http::route> health_routes()
{
    const auto ok = [](const http::request&) -> task<http::reply> {
        co_return http::reply(200, "text/plain; charset=utf-8", "ok");
    };
    std::vector<http::route> routes;
    // Both say the same: a request is only ever read once the service listens with a valid configuration.
    for (const char* const path : {"/healthz", "/readyz"}) {
        routes.emplace_back(http::method::get, path, ok, /*is_prefix=*/false, /*is_open=*/true);
    }
    return routes;
}

}  // namespace nodescope::api
