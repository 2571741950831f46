// The paths and options of docs/cadvisor.md, "Requests".
#include "server/api/cadvisor/request.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

using namespace std::chrono_literals;
using naming = cadvisor::query::naming;

TEST(CadvisorPath, IsVersionTypeAndContainer)
{
    struct expected {
        std::string_view path, version, type, container;
    };
    for (const expected& each : {
             expected{"/api/", "", "", "/"},
             expected{"/api/v2.0", "v2.0", "", "/"},
             expected{"/api/v2.0/", "v2.0", "", "/"},
             expected{"/api/v2.0/stats", "v2.0", "stats", "/"},
             expected{"/api/v2.0/stats/", "v2.0", "stats", "/"},
             expected{"/api/v2.1/stats/docker", "v2.1", "stats", "/docker"},
             expected{"/api/v2.1/stats/docker/abc/", "v2.1", "stats", "/docker/abc"},
             expected{"/api/v2.1/spec/a.slice/b\\x2dc.service", "v2.1", "spec", "/a.slice/b\\x2dc.service"},
         }) {
        const cadvisor_path path = split_cadvisor_path(each.path);
        EXPECT_EQ(path.version, each.version) << each.path;
        EXPECT_EQ(path.type, each.type) << each.path;
        EXPECT_EQ(path.container, each.container) << each.path;
    }
}

cadvisor_options options_of(std::string_view query) { return cadvisor_options::parse(url_query(query)).value(); }

std::string refusal_of(std::string_view query)
{
    const auto read = cadvisor_options::parse(url_query(query));
    return read ? std::string("taken") : read.error().message();
}

TEST(CadvisorOptions, HaveDefaults)
{
    for (const std::string_view query : {"", "type=&count=&max_age=&recursive=", "unknown=1&other"}) {
        const auto options = options_of(query);
        EXPECT_EQ(options.type, naming::by_cgroup);
        EXPECT_EQ(options.count, 64);
        EXPECT_FALSE(options.recursive);
        EXPECT_FALSE(options.max_age);
        EXPECT_TRUE(options.follow);
    }
}

TEST(CadvisorOptions, AreRead)
{
    EXPECT_EQ(options_of("type=name").type, naming::by_cgroup);
    EXPECT_EQ(options_of("type=docker&type=foo").type, naming::by_docker);
    EXPECT_EQ(options_of("type=podman").type, naming::by_podman);
    EXPECT_EQ(options_of("type=containerd").type, naming::by_containerd);
    EXPECT_EQ(options_of("type=crio").type, naming::by_crio);
    EXPECT_EQ(options_of("type=cri-o").type, naming::by_crio);
    EXPECT_EQ(options_of("count=0").count, 0);
    EXPECT_EQ(options_of("count=-1").count, -1);
    EXPECT_EQ(options_of("count=4294967295").count, 4294967295);
    EXPECT_TRUE(options_of("recursive=true").recursive);
    for (const std::string_view other : {"recursive=True", "recursive=1", "recursive=false"}) {
        EXPECT_FALSE(options_of(other).recursive) << other;
    }
    EXPECT_FALSE(options_of("follow=false").follow);
    EXPECT_EQ(options_of("max_age=1m30s").max_age, 90s);
    EXPECT_EQ(options_of("max_age=0").max_age, 0s);
    EXPECT_EQ(options_of("max_age=-5s").max_age, 0s);
}

TEST(CadvisorOptions, AreRefusedInCadvisorsWords)
{
    EXPECT_EQ(refusal_of("type=foo"), R"(unknown 'type' "foo")");
    EXPECT_EQ(refusal_of("type=rkt"), R"(unknown 'type' "rkt")");
    EXPECT_EQ(refusal_of("count=abc"), "failed to parse 'count' option: abc");
    EXPECT_EQ(refusal_of("count=1.5"), "failed to parse 'count' option: 1.5");
    EXPECT_EQ(refusal_of("count=+1"), "failed to parse 'count' option:  1");
    EXPECT_EQ(refusal_of("count=4294967296"), "failed to parse 'count' option: 4294967296");
    EXPECT_EQ(refusal_of("count=99999999999999999999"), "failed to parse 'count' option: 99999999999999999999");
    EXPECT_EQ(refusal_of("count=-2"), "invalid 'count' option: only -1 and larger values allowed, not -2");
    EXPECT_EQ(refusal_of("max_age=x"), R"(failed to parse 'max_age' option: time: invalid duration "x")");
    EXPECT_EQ(refusal_of("count=x&type=y"), R"(unknown 'type' "y")");
}

TEST(CadvisorRequest, AsksForWhatItsOptionsSay)
{
    cadvisor_request request;
    request.container = "/docker";
    request.options = options_of("recursive=true&count=3&max_age=2s&follow=false");
    const auto query = request.query();
    EXPECT_EQ(query.name, "/docker");
    EXPECT_EQ(query.type, naming::by_cgroup);
    EXPECT_TRUE(query.recursive);
    EXPECT_EQ(query.count, 3);
    EXPECT_EQ(query.max_age, 2s);
    EXPECT_FALSE(query.follow);
    EXPECT_FALSE(query.summaries);
}

}  // namespace
}  // namespace nodescope::api
