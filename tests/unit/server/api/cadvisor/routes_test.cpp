// Which request type answers a path of docs/cadvisor.md, "Requests".
#include "server/api/cadvisor/routes.hpp"

#include "server/http/router.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

task<http::reply> say_what_was_asked(const cadvisor_request& asked)
{
    std::string text = asked.container;
    text += " " + std::to_string(asked.options.count);
    text += " ";
    text += asked.parameters.get("x");
    co_return cadvisor_json(std::move(text));
}

class table {
public:
    table() : router_(make()) {}

    http::reply ask(std::string path, std::string query = {}, http::method verb = http::method::get)
    {
        http::request asked;
        asked.verb = verb;
        asked.path = std::move(path);
        asked.query = std::move(query);
        const auto match = router_.find(verb, asked.path);
        if (match.found == nullptr) return {404, "", ""};
        template_ = match.found->path;
        return nodescope::testing::run_task(match.found->handle(asked));
    }
    std::string template_;

private:
    static std::vector<http::route> make()
    {
        std::vector<cadvisor_request_type> types;
        types.emplace_back(cadvisor_version::v2_1, "machinestats", say_what_was_asked);
        types.emplace_back(cadvisor_version::both, "stats", say_what_was_asked);
        types.emplace_back(cadvisor_version::both, "attributes", say_what_was_asked);
        return cadvisor_routes(types);
    }
    http::router router_;
};

TEST(CadvisorRoutes, ListVersionsAndTypes)
{
    table routes;
    const auto expect_list = [&](const char* path, const char* body) {
        const http::reply got = routes.ask(path);
        EXPECT_EQ(got.status, 400U) << path;
        EXPECT_EQ(got.content_type, "text/plain; charset=utf-8");
        EXPECT_EQ(got.text(), body);
    };
    expect_list("/api/", "Supported API versions: v2.0,v2.1\n");
    expect_list("/api/v2.0", "Supported request types: \"attributes,stats\"\n");
    expect_list("/api/v2.0/", "Supported request types: \"attributes,stats\"\n");
    expect_list("/api/v2.1/", "Supported request types: \"attributes,machinestats,stats\"\n");
}

TEST(CadvisorRoutes, RefuseWhatIsNotThere)
{
    table routes;
    const auto expect_refusal = [&](const char* path, const char* query, const char* body) {
        const http::reply got = routes.ask(path, query);
        EXPECT_EQ(got.status, 500U) << path;
        EXPECT_EQ(got.content_type, "text/plain; charset=utf-8");
        EXPECT_EQ(got.text(), body);
    };
    expect_refusal("/api/v9.9", "", "unsupported API version \"v9.9\"\n");
    expect_refusal("/api/v9.9/stats", "count=x", "unsupported API version \"v9.9\"\n");
    expect_refusal("/api/V2.0/stats", "", "unsupported API version \"V2.0\"\n");
    expect_refusal("/api/v2.0/bogus", "", "unknown request type \"bogus\"\n");
    expect_refusal("/api/v2.0/Stats", "", "unknown request type \"Stats\"\n");
    expect_refusal("/api/v2.0/machinestats", "", "unknown request type \"machinestats\"\n");
    expect_refusal("/api/v2.0/bogus", "count=abc", "failed to parse 'count' option: abc\n");
    expect_refusal("/api/v2.0/stats", "type=foo", "unknown 'type' \"foo\"\n");
    expect_refusal("/api/v2.0/b\"\x1b\xff", "", "unknown request type \"b\\\"\\x1b\\xff\"\n");
    expect_refusal("/api/v2.0/stats", "count=a%0ab%ff", "failed to parse 'count' option: a\\nb\\xff\n");
}

TEST(CadvisorRoutes, AnswerEveryMethodWithTheRequestRead)
{
    table routes;
    for (const auto verb : {http::method::get, http::method::post, http::method::other}) {
        const http::reply got = routes.ask("/api/v2.0/stats/docker/abc/", "count=3&x=1", verb);
        EXPECT_EQ(got.status, 200U);
        EXPECT_EQ(got.content_type, "application/json");
        EXPECT_EQ(got.text(), "/docker/abc 3 1");
        EXPECT_EQ(routes.template_, "/api/v2.0/stats");
    }
    EXPECT_EQ(routes.ask("/api/v2.1/machinestats").text(), "/ 64 ");
    EXPECT_EQ(routes.ask("/apis").status, 404U);
    EXPECT_EQ(routes.ask("/apiv2.0").status, 404U);
}

TEST(CadvisorRoutes, RedirectToTheListOfVersions)
{
    table routes;
    const http::reply got = routes.ask("/api");
    EXPECT_EQ(got.status, 301U);
    EXPECT_EQ(got.content_type, "text/html; charset=utf-8");
    EXPECT_EQ(got.text(), "<a href=\"/api/\">Moved Permanently</a>.\n\n");
    ASSERT_EQ(got.headers.size(), 1U);
    EXPECT_EQ(got.headers[0].second, "/api/");
    const http::reply posted = routes.ask("/api", "", http::method::post);
    EXPECT_EQ(posted.status, 301U);
    EXPECT_EQ(posted.content_type, "");
    EXPECT_EQ(posted.text(), "");
}

TEST(CadvisorFailure, IsAlwaysA500ButForShedLoad)
{
    for (const failure kind :
         {failure::gone, failure::conflict, failure::invalid, failure::timed_out, failure::denied}) {
        EXPECT_EQ(cadvisor_failure(error(kind, "x")).status, 500U);
    }
    EXPECT_EQ(cadvisor_failure(error(failure::gone, "unknown container \"/\n\"")).text(),
              "unknown container \"/\\n\"\n");
    const auto shed = cadvisor_failure(error(failure::overloaded, "x"));
    EXPECT_EQ(shed.status, 503U);
    EXPECT_EQ(shed.headers.at(0).first, "Retry-After");
}

}  // namespace
}  // namespace nodescope::api
