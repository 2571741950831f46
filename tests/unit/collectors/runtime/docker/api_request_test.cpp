#include "collectors/runtime/docker/api_request.hpp"

#include <gtest/gtest.h>

#include <set>

namespace nodescope::docker {
namespace {

// What may be asked is this and nothing else. A new line here is a decision.
TEST(ApiRoutes, AreAFixedSetOfReads)
{
    const std::set<std::string> allowed = {"GET /_ping",
                                           "GET /version",
                                           "GET /info",
                                           "GET /containers/json",
                                           "GET /containers/{id}/json",
                                           "GET /containers/{id}/top",
                                           "GET /containers/{id}/stats",
                                           "GET /events"};
    for (const api_route& one : api_routes) {
        EXPECT_TRUE(allowed.contains(std::string(one.method) + " " + std::string(one.path))) << one.path;
        EXPECT_EQ(&route_of(one.what), &one);
        EXPECT_EQ(one.versioned, one.what != api_read::ping) << one.path;
    }
}

TEST(ApiRequest, MakesVersionedTargets)
{
    api_call list(api_read::container_list);
    list.query = "all=1";
    EXPECT_EQ(request_target(list, "", {1, 41}), "/v1.41/containers/json?all=1");
    EXPECT_EQ(request_target(api_call(api_read::info), "/base", {1, 24}), "/base/v1.24/info");
    EXPECT_EQ(request_target(api_call(api_read::ping), "", {1, 41}), "/_ping");
    api_call inspect(api_read::container_inspect);
    inspect.container = *container_reference::parse("web_1.a-b");
    EXPECT_EQ(request_target(inspect, "", {1, 44}), "/v1.44/containers/web_1.a-b/json");
    EXPECT_EQ(operation_name(inspect), "GET /containers/web_1.a-b/json");
    inspect.container = *container_reference::parse(std::string(512, 'x'));
    EXPECT_LT(operation_name(inspect).size(), 120U);
}

TEST(ApiRequest, FiltersAreJsonInsideAQuery)
{
    EXPECT_EQ(label_filter({"a=b", "c=\"&"}), "filters=%7B%22label%22%3A%5B%22a%3Db%22%2C%22c%3D%5C%22%26%22%5D%7D");
}

TEST(ApiVersion, IsNegotiatedDownwards)
{
    EXPECT_EQ(*negotiate_version("1.41"), (api_version{1, 41}));
    EXPECT_EQ(*negotiate_version("1.24"), (api_version{1, 24}));
    EXPECT_EQ(*negotiate_version("1.44"), (api_version{1, 44}));
    EXPECT_EQ(*negotiate_version("1.52"), (api_version{1, 44}));
    EXPECT_EQ(*negotiate_version("2.0"), (api_version{1, 44}));
    EXPECT_EQ(*negotiate_version(""), (api_version{1, 24}));
    EXPECT_EQ(negotiate_version("1.23").error().kind(), failure::failed);
    EXPECT_EQ(negotiate_version("1.23").error().message(),
              "docker: the daemon speaks API version 1.23 at most; 1.24 is needed");
    for (const char* bad : {"1", "1.", ".41", "v1.41", "1.41x", "1.4.1", " 1.41", "-1.41", "1.99999999999"}) {
        EXPECT_EQ(negotiate_version(bad).error().kind(), failure::malformed) << bad;
    }
}

}  // namespace
}  // namespace nodescope::docker
