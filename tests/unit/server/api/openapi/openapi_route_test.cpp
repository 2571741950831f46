// The document in both codings. What it says is compared with the service in tests/integration/http/test_openapi.py.
#include "server/api/openapi/openapi_route.hpp"

#include "core/json/strict.hpp"
#include "server/api/openapi/openapi_document.hpp"
#include "server/http/content_coding.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

http::reply answer(bool accepts_gzip)
{
    const auto routes = openapi_routes();
    EXPECT_EQ(routes.size(), 1U);
    EXPECT_EQ(routes[0].path, "/v1/openapi.json");
    EXPECT_EQ(routes[0].gives, http::area::diagnosis);
    EXPECT_FALSE(routes[0].open);
    http::request asked;
    asked.accepts_gzip = accepts_gzip;
    return testing::run_task(routes[0].handle(asked));
}

using fields = std::vector<std::pair<std::string, std::string>>;

TEST(OpenapiRoute, AnswersWithJson)
{
    const http::reply plain = answer(false);
    EXPECT_EQ(plain.status, 200U);
    EXPECT_EQ(plain.content_type, "application/json");
    EXPECT_EQ(plain.headers, (fields{{"Vary", "Accept-Encoding"}}));
    EXPECT_TRUE(strict_json_document(plain.text(), {.depth = 64, .keys = 100'000}));
    EXPECT_TRUE(plain.text().starts_with(R"({"openapi":"3.1.)"));
}

TEST(OpenapiRoute, HandsOnWhatIsCompressed)
{
    const http::reply coded = answer(true);
    EXPECT_EQ(coded.headers, (fields{{"Vary", "Accept-Encoding"}, {"Content-Encoding", "gzip"}}));
    EXPECT_EQ(coded.text(), openapi_document_gzip());
    EXPECT_EQ(http::gunzip(coded.text()), answer(false).text());
    EXPECT_LT(coded.text().size(), 32U << 10U) << "it is a part of the program";
}

}  // namespace
}  // namespace nodescope::api
