#include "server/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace nodescope::http {
namespace {

route make(method verb, std::string path, bool prefix = false)
{
    return route(verb, std::move(path), handler(), prefix);
}

router sample()
{
    std::vector<route> routes;
    routes.push_back(make(method::get, "/healthz"));
    routes.push_back(make(method::post, "/processor/x"));
    routes.push_back(make(method::get, "/both"));
    routes.push_back(make(method::post, "/both"));
    routes.push_back(make(method::get, "/api", true));
    routes.push_back(make(method::get, "/api/v2.0/machine"));
    routes.push_back(make(method::get, "/api/v2.0/stats", true));
    routes.push_back(make(method::post, "/below/", true));
    return router(std::move(routes));
}

std::string answer(const router& table, method verb, std::string_view path)
{
    const auto match = table.find(verb, path);
    if (match.found != nullptr) return match.found->path;
    return match.allow.empty() ? "404" : "405 " + std::string(match.allow);
}

TEST(Router, FindsPathAndMethod)
{
    const router table = sample();
    EXPECT_EQ(answer(table, method::get, "/healthz"), "/healthz");
    EXPECT_EQ(answer(table, method::head, "/healthz"), "/healthz");
    EXPECT_EQ(answer(table, method::post, "/processor/x"), "/processor/x");
    EXPECT_EQ(answer(table, method::post, "/both"), "/both");
}

TEST(Router, NamesTheMethodsOfAKnownPath)
{
    const router table = sample();
    EXPECT_EQ(answer(table, method::post, "/healthz"), "405 GET, HEAD");
    EXPECT_EQ(answer(table, method::get, "/processor/x"), "405 POST");
    EXPECT_EQ(answer(table, method::head, "/processor/x"), "405 POST");
    EXPECT_EQ(answer(table, method::other, "/both"), "405 GET, HEAD, POST");
}

TEST(Router, KnowsNoOtherPath)
{
    const router table = sample();
    for (const std::string_view path :
         {"/", "/healthz/", "/Healthz", "/health", "/processor", "/processor/X", "", "/below"}) {
        EXPECT_EQ(answer(table, method::get, path), "404") << path;
    }
}

TEST(Router, PrefersTheExactThenTheLongestPrefix)
{
    const router table = sample();
    EXPECT_EQ(answer(table, method::get, "/api"), "/api");
    EXPECT_EQ(answer(table, method::get, "/api/"), "/api");
    EXPECT_EQ(answer(table, method::get, "/api/v1"), "/api");
    EXPECT_EQ(answer(table, method::get, "/apis"), "404");
    EXPECT_EQ(answer(table, method::get, "/api/v2.0/machine"), "/api/v2.0/machine");
    EXPECT_EQ(answer(table, method::get, "/api/v2.0/machine/x"), "/api");
    EXPECT_EQ(answer(table, method::get, "/api/v2.0/stats/docker/abc"), "/api/v2.0/stats");
    EXPECT_EQ(answer(table, method::post, "/below/x"), "/below/");
    EXPECT_EQ(answer(table, method::get, "/below/x"), "405 POST");
}

TEST(Router, AnswersEveryMethodWhereTheRouteSaysSo)
{
    route any = make(method::get, "/any", true);
    any.any_method = true;
    std::vector<route> routes;
    routes.push_back(any);
    const router table(std::move(routes));
    for (const method verb : {method::get, method::head, method::post, method::other}) {
        EXPECT_EQ(answer(table, verb, "/any/x"), "/any");
    }
}

TEST(Router, RefusesADefectiveTable)
{
    const auto build = [](route first, route second) {
        std::vector<route> routes;
        routes.push_back(std::move(first));
        routes.push_back(std::move(second));
        return router(std::move(routes));
    };
    EXPECT_THROW(build(make(method::get, "/a"), make(method::get, "/a")), std::logic_error);
    EXPECT_THROW(build(make(method::get, "/a"), make(method::get, "b")), std::logic_error);
    EXPECT_THROW(build(make(method::get, "/a"), make(method::other, "/b")), std::logic_error);
    route any = make(method::get, "/a");
    any.any_method = true;
    EXPECT_THROW(build(make(method::get, "/a"), any), std::logic_error);
    EXPECT_THROW(build(any, make(method::post, "/a")), std::logic_error);
    any.verb = method::post;
    EXPECT_THROW(build(make(method::get, "/b"), any), std::logic_error);
}

TEST(Router, TellsAPersonWhatCanBeAsked)
{
    std::vector<route> routes;
    routes.emplace_back(method::get, "/healthz", handler(), /*is_prefix=*/false, /*is_open=*/true);
    routes.push_back(make(method::post, "/processor/x"));
    routes.emplace_back(method::get, "/api", handler()).any_method = true;
    routes.emplace_back(method::get, "/api/", handler(), /*is_prefix=*/true).any_method = true;
    routes.emplace_back(method::get, "/api/v2.0/stats", handler(), /*is_prefix=*/true).gives = area::stats;
    EXPECT_EQ(table_text(routes),
              "GET  /healthz          open\n"
              "POST /processor/x      diagnosis\n"
              "ANY  /api              diagnosis\n"
              "ANY  /api/*            diagnosis\n"
              "GET  /api/v2.0/stats/* stats\n");
    EXPECT_EQ(table_text({}), "");
}

}  // namespace
}  // namespace nodescope::http
