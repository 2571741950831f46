#include "server/api/openapi/openapi_route.hpp"

#include "server/api/openapi/openapi_document.hpp"
#include "server/http/content_coding.hpp"

#include <stdexcept>
#include <string>

namespace nodescope::api {

namespace {

task<http::reply> openapi_answer(const http::request& asked)
{
    http::reply out(200, "application/json", std::string());
    out.headers.emplace_back("Vary", "Accept-Encoding");
    if (asked.accepts_gzip) {
        out.set_text(std::string(openapi_document_gzip()));
        out.headers.emplace_back("Content-Encoding", "gzip");
        co_return out;
    }
    auto text = http::gunzip(openapi_document_gzip());
    if (!text) throw std::logic_error("the OpenAPI document is damaged");
    out.set_text(std::move(*text));
    co_return out;
}

}  // namespace

std::vector<http::route> openapi_routes()
{
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/v1/openapi.json", openapi_answer);
    return routes;
}

}  // namespace nodescope::api
