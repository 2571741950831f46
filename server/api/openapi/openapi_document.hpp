// The OpenAPI document of /v1 and the processors. Its pieces stand beside the routes that they are about
// (server/api/*/openapi/*.json); tools/openapi-document puts them together while the service is built.
#pragma once

#include <string_view>

namespace nodescope::api {

/// As gzip (RFC 1952), without optional fields: a fifth of the text. Lives as long as the program.
std::string_view openapi_document_gzip() noexcept;

}  // namespace nodescope::api
