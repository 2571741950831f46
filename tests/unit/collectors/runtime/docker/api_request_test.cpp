#include "collectors/runtime/docker/api_request.hpp"
#include "collectors/runtime/docker/replies.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace nodescope::docker {
namespace {

const std::string id_a = "6f" + std::string(62, 'a');

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
        EXPECT_EQ(one.versioned, one.what != api_read::ping && one.what != api_read::spoken_versions) << one.path;
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
    EXPECT_EQ(operation_name(engine_kind::docker, inspect), "docker: GET /containers/web_1.a-b/json");
    inspect.container = *container_reference::parse(std::string(512, 'x'));
    EXPECT_LT(operation_name(engine_kind::podman, inspect).size(), 128U);
    EXPECT_EQ(operation_name(engine_kind::podman, list), "podman: GET /containers/json");
}

TEST(ApiRequest, FiltersAreJsonInsideAQuery)
{
    EXPECT_EQ(label_filter({"a=b", "c=\"&"}), "filters=%7B%22label%22%3A%5B%22a%3Db%22%2C%22c%3D%5C%22%26%22%5D%7D");
}

result<api_version> agreed(std::string_view header) { return negotiate_version(engine_kind::docker, header); }

TEST(ApiVersion, IsNegotiatedDownwards)
{
    for (unsigned minor = oldest_version.minor_number; minor <= newest_version.minor_number; ++minor) {
        EXPECT_EQ(*agreed(to_string({1, minor})), (api_version{1, minor}));
    }
    EXPECT_EQ(*agreed("1.57"), newest_version);
    EXPECT_EQ(*agreed("2.0"), newest_version);
    EXPECT_EQ(*agreed(""), (api_version{1, 24}));
    EXPECT_EQ(agreed("1.23").error().kind(), failure::failed);
    EXPECT_EQ(agreed("1.23").error().message(), "docker: the daemon speaks API version 1.23 at most; 1.24 is needed");
    EXPECT_TRUE(negotiate_version(engine_kind::podman, "1.23").error().message().starts_with("podman: "));
    for (const char* bad : {"1", "1.", ".41", "v1.41", "1.41x", "1.4.1", " 1.41", "-1.41", "1.99999999999"}) {
        EXPECT_EQ(agreed(bad).error().kind(), failure::malformed) << bad;
    }
}

TEST(ApiVersion, OfAnEngineThatIsTooNewIsNamed)
{
    const auto why = too_new_for_us(engine_kind::docker, R"({"ApiVersion":"1.70","MinAPIVersion":"1.60"})");
    ASSERT_TRUE(why);
    EXPECT_EQ(why->kind(), failure::failed);
    EXPECT_EQ(why->message(), "docker: the daemon wants API version 1.60 or newer (its MinAPIVersion); " +
                                  to_string(newest_version) + " is the newest that this service speaks");
    for (const char* const other :
         {R"({"MinAPIVersion":"1.24"})", R"({"MinAPIVersion":"1.56"})", R"({"MinAPIVersion":null})", "{}", "[]", "",
          R"({"MinAPIVersion":"soon"})", R"({"MinAPIVersion":1.6})"}) {
        EXPECT_FALSE(too_new_for_us(engine_kind::docker, other)) << other;
    }
}

// What an inspect has of one container in each version. The differences are those of moby's API change log and of its
// daemon/server/router/container/inspect.go.
enum class image_store { graph_driver, containerd };

std::string networks_of(unsigned minor)
{
    // The container's short id is an alias up to 1.44, DNSNames came with 1.44, GwPriority with 1.48.
    return fmt::format(R"({{"bridge":{{"IPAddress":"172.17.0.2","Gateway":"172.17.0.1","Aliases":{}{}{}}}}})",
                       minor < 45 ? R"(["6faaaaaaaaaa"])" : "null", minor < 44 ? "" : R"(,"DNSNames":["web"])",
                       minor < 48 ? "" : R"(,"GwPriority":0)");
}

std::string network_settings_of(unsigned minor)
{
    // 1.52 took away what stood beside Networks and is of the default network.
    const std::string of_default =
        R"("Bridge":"","HairpinMode":false,"LinkLocalIPv6Address":"","SecondaryIPAddresses":null,"EndpointID":"e",)"
        R"("Gateway":"172.17.0.1","IPAddress":"172.17.0.2","IPPrefixLen":16,"MacAddress":"02:42:ac:11:00:02",)";
    return fmt::format(R"({{{}"SandboxID":"s","SandboxKey":"/var/run/docker/netns/6f","Ports":{{}},"Networks":{}}})",
                       minor < 52 ? of_default : "", networks_of(minor));
}

std::string storage_of(unsigned minor, image_store store)
{
    if (store == image_store::graph_driver) {
        return R"("GraphDriver":{"Name":"overlay2","Data":{"UpperDir":"/d/overlay2/x/diff"}},"Driver":"overlay2",)";
    }
    // The containerd image store names no directory; from 1.52 on it has no GraphDriver either, but Storage.
    if (minor < 52) return R"("GraphDriver":{"Name":"overlayfs","Data":null},"Driver":"overlayfs",)";
    return R"("Storage":{"RootFS":{"Snapshot":{"Name":"overlayfs"}}},)";
}

std::string config_of(unsigned minor)
{
    // OnBuild is left out where it is empty from 1.52 on, and MacAddress altogether.
    return fmt::format(R"({{"Image":"busybox:local","Env":["A=b"],"Labels":{{"tier":"x"}}{}}})",
                       minor < 52 ? R"(,"OnBuild":null,"MacAddress":"")" : "");
}

std::string inspect_of(unsigned minor, image_store store)
{
    return fmt::format(R"({{"Id":"{}","Created":"2026-01-01T00:00:00.25Z","Name":"/web","RestartCount":1,{})"
                       R"("State":{{"Status":"running","Pid":4711,"ExitCode":0,"StartedAt":"2026-01-01T00:00:01.5Z"}},)"
                       R"("HostConfig":{{"NetworkMode":"default","CpuShares":512,"Runtime":"runc"{}}},)"
                       R"("NetworkSettings":{},"Config":{}{}}})",
                       id_a, storage_of(minor, store), minor < 52 ? R"(,"KernelMemoryTCP":0)" : "",
                       network_settings_of(minor), config_of(minor),
                       minor < 48 ? "" : R"(,"ImageManifestDescriptor":{"digest":"sha256:0"})");
}

TEST(ApiVersions, AllSayTheSameOfAContainer)
{
    for (unsigned minor = oldest_version.minor_number; minor <= newest_version.minor_number; ++minor) {
        for (const auto store : {image_store::graph_driver, image_store::containerd}) {
            const auto got = parse_container(inspect_of(minor, store));
            ASSERT_TRUE(got) << "1." << minor << ": " << got.error();
            EXPECT_EQ(got->name, "web");
            EXPECT_EQ(got->status, "running");
            EXPECT_EQ(got->pid, 4711);
            EXPECT_EQ(got->created, "2026-01-01T00:00:00.25Z");
            EXPECT_EQ(got->started_at, "2026-01-01T00:00:01.5Z");
            EXPECT_EQ(got->restart_count, 1);
            EXPECT_EQ(got->image, "busybox:local");
            EXPECT_EQ(got->labels, (std::map<std::string, std::string>{{"tier", "x"}}));
            EXPECT_EQ(got->environment, std::vector<std::string>{"A=b"});
            EXPECT_EQ(got->cpu_shares, 512);
            EXPECT_EQ(got->low_level_runtime, "runc");
            EXPECT_EQ(got->network_file, "/var/run/docker/netns/6f");
            const bool of_containerd = store == image_store::containerd;
            EXPECT_EQ(got->storage_driver, of_containerd ? "overlayfs" : "overlay2") << "1." << minor;
            EXPECT_EQ(got->upper_directory, of_containerd ? "" : "/d/overlay2/x/diff");
        }
    }
}

}  // namespace
}  // namespace nodescope::docker
