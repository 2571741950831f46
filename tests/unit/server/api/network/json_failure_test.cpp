#include "server/api/network/json_failure.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace nodescope::api {
namespace {

TEST(JsonFailure, HasThePlainStatusCodes)
{
    const std::pair<failure, unsigned> all[] = {
        {failure::invalid, 400},   {failure::denied, 403},   {failure::gone, 404},       {failure::conflict, 409},
        {failure::malformed, 502}, {failure::failed, 502},   {failure::overloaded, 503}, {failure::unavailable, 503},
        {failure::timed_out, 504}, {failure::internal, 500}, {failure::too_large, 500},
    };
    for (const auto& [kind, status] : all) EXPECT_EQ(json_failure(error(kind, "x")).status, status) << to_string(kind);
    const http::reply reply = json_failure(error(failure::gone, "no \"\x1b\""));
    EXPECT_EQ(reply.text(), "{\"error\":{\"kind\":\"gone\",\"message\":\"no \\\"\\\\x1b\\\"\"}}\n");
    EXPECT_EQ(reply.content_type, "application/json");
    ASSERT_EQ(json_failure(error(failure::overloaded, "x")).headers.size(), 1U);
}

}  // namespace
}  // namespace nodescope::api
