#include "collectors/runtime/cri/messages.hpp"

#include "tests/unit/collectors/runtime/cri/frames.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cri {
namespace {

using bytes::entry_field;
using bytes::number_field;
using bytes::text_field;

const std::string id(64, 'a');

std::string one_container()
{
    return text_field(1, id) + text_field(2, "sandbox") + text_field(3, text_field(1, "app") + number_field(2, 3)) +
           text_field(4, text_field(1, "sha256:1") + text_field(18, "web:1")) + text_field(5, "sha256:2") +
           number_field(6, 1) + number_field(7, 1'700'000'000'000'000'000) +
           entry_field(8, "io.kubernetes.pod.name", "web") + entry_field(9, "note", "\xff");
}

std::string one_status()
{
    return text_field(1, id) + text_field(2, text_field(1, "app")) + number_field(3, 2) + number_field(4, 1) +
           number_field(5, 2) + number_field(6, 3) + number_field(7, 137) + text_field(8, text_field(1, "web:1")) +
           text_field(9, "sha256:2") + text_field(10, "OOMKilled") +
           text_field(14, text_field(1, "/data") + text_field(2, "/srv") + number_field(3, 1) + number_field(5, 2));
}

TEST(CriMessages, RequestsAreSmall)
{
    EXPECT_EQ(version_request(), "");
    EXPECT_EQ(list_request(), "");
    EXPECT_EQ(status_of_request("abc"), text_field(1, "abc") + number_field(2, 1));
    EXPECT_EQ(runtime_status_request(), number_field(1, 1));
}

TEST(CriMessages, ReadsAVersion)
{
    const auto version = read_version(text_field(1, "0.1.0") + text_field(2, "containerd") + text_field(3, "1.6.20") +
                                      text_field(4, "v1"));
    ASSERT_TRUE(version);
    EXPECT_EQ(version->runtime_name, "containerd");
    EXPECT_EQ(version->runtime_version, "1.6.20");
    EXPECT_EQ(version->api_version, "v1");
    EXPECT_TRUE(read_version("")) << "everything may be missing";
}

TEST(CriMessages, ReadsContainers)
{
    const auto list = read_containers(text_field(1, one_container()) + text_field(2, "unknown") + text_field(1, ""));
    ASSERT_TRUE(list) << list.error();
    ASSERT_EQ(list->size(), 2U);
    const listed_container& first = list->front();
    EXPECT_EQ(first.id, id);
    EXPECT_EQ(first.sandbox_id, "sandbox");
    EXPECT_EQ(first.name, "app");
    EXPECT_EQ(first.attempt, 3U);
    EXPECT_EQ(first.image, "web:1");
    EXPECT_EQ(first.image_id, "sha256:2");
    EXPECT_EQ(first.state, container_state::running);
    EXPECT_EQ(first.created_at, 1'700'000'000'000'000'000);
    EXPECT_EQ(first.labels.of("io.kubernetes.pod.name"), "web");
    EXPECT_EQ(first.annotations.of("note"), "\xff") << "bytes are kept; whoever writes them sees to it";
    EXPECT_EQ(first.annotations.of("none"), "");
    EXPECT_EQ(list->back().id, "");
}

TEST(CriMessages, ReadsSandboxes)
{
    const std::string sandbox =
        text_field(1, id) +
        text_field(2, text_field(1, "web") + text_field(2, "uid") + text_field(3, "default") + number_field(4, 1)) +
        number_field(3, 1) + number_field(4, 5) + entry_field(5, "app", "web");
    const auto list = read_sandboxes(text_field(1, sandbox));
    ASSERT_TRUE(list && list->size() == 1U);
    EXPECT_EQ(list->front().pod.name, "web");
    EXPECT_EQ(list->front().pod.uid, "uid");
    EXPECT_EQ(list->front().pod.name_space, "default");
    EXPECT_EQ(list->front().pod.attempt, 1U);
    EXPECT_EQ(list->front().state, container_state::exited) << "not ready";
    EXPECT_EQ(list->front().labels.of("app"), "web");
}

TEST(CriMessages, ReadsTheStatusOfAContainer)
{
    const auto status = read_container_status(text_field(1, one_status()) + entry_field(2, "info", "{\"pid\":7}"));
    ASSERT_TRUE(status) << status.error();
    EXPECT_EQ(status->state, container_state::exited);
    EXPECT_EQ(status->started_at, 2);
    EXPECT_EQ(status->finished_at, 3);
    EXPECT_EQ(status->exit_code, 137);
    EXPECT_EQ(status->reason, "OOMKilled");
    EXPECT_EQ(status->image, "web:1");
    ASSERT_EQ(status->mounts.size(), 1U);
    EXPECT_EQ(status->mounts[0].source, "/srv");
    EXPECT_EQ(status->mounts[0].destination, "/data");
    EXPECT_TRUE(status->mounts[0].read_only);
    EXPECT_EQ(status->mounts[0].propagation, "rshared");
    EXPECT_EQ(status->info, "{\"pid\":7}");
}

TEST(CriMessages, NamesAnImageByItsTagElseByItsDigest)
{
    const auto name = [](const std::string& image, const std::string& reference) {
        const auto status = read_container_status(text_field(
            1, text_field(8, text_field(1, image) + text_field(18, "as:written")) + text_field(9, reference)));
        return status ? status->image_name : status.error().message();
    };
    EXPECT_EQ(name("docker.io/library/web:1", "docker.io/library/web@sha256:1"), "docker.io/library/web:1");
    EXPECT_EQ(name("sha256:2", "docker.io/library/web@sha256:1"), "docker.io/library/web@sha256:1");
    EXPECT_EQ(name(std::string(64, 'a'), "web@sha256:1"), "web@sha256:1");
    EXPECT_EQ(name("", "web@sha256:1"), "web@sha256:1");
    EXPECT_EQ(name("sha256:2", "sha256:2"), "sha256:2") << "it has no name at all";
}

TEST(CriMessages, ReadsTheStatusOfASandbox)
{
    const std::string node_network = text_field(6, text_field(1, text_field(2, number_field(1, 2))));
    const auto status = read_sandbox_status(text_field(1, text_field(1, id) + node_network));
    ASSERT_TRUE(status);
    EXPECT_EQ(status->id, id);
    EXPECT_TRUE(status->host_network);
    EXPECT_EQ(status->info, "");
    const auto own = read_sandbox_status(text_field(1, text_field(1, id)));
    EXPECT_TRUE(own && !own->host_network);
    EXPECT_TRUE(own && own->addresses.empty());
}

TEST(CriMessages, ReadsTheAddressesOfASandbox)
{
    const auto addresses = [](const std::string& network) {
        const auto status = read_sandbox_status(text_field(1, text_field(1, id) + text_field(5, network)));
        return status ? status->addresses : std::vector<std::string>{status.error().message()};
    };
    using list = std::vector<std::string>;
    const std::string second = text_field(2, text_field(1, "2001:db8::5"));
    EXPECT_EQ(addresses(text_field(1, "10.0.0.5")), list{"10.0.0.5"});
    EXPECT_EQ(addresses(text_field(1, "10.0.0.5") + second), (list{"10.0.0.5", "2001:db8::5"}));
    EXPECT_EQ(addresses(""), list());
    std::string many;
    for (int i = 0; i < 1000; ++i) many += second;
    EXPECT_EQ(addresses(many).size(), 64U);
}

TEST(CriMessages, ReadsTheStatusOfTheRuntime)
{
    const std::string ready = text_field(1, text_field(1, "RuntimeReady") + number_field(2, 1));
    const std::string not_ready =
        text_field(1, text_field(1, "NetworkReady") + text_field(3, "why") + text_field(4, "m"));
    const auto status = read_runtime_status(text_field(1, ready + not_ready) + entry_field(2, "config", "{}"));
    ASSERT_TRUE(status && status->conditions.size() == 2U);
    EXPECT_TRUE(status->conditions[0].status);
    EXPECT_EQ(status->conditions[1].type, "NetworkReady");
    EXPECT_FALSE(status->conditions[1].status);
    EXPECT_EQ(status->conditions[1].reason, "why");
    EXPECT_EQ(status->info.at("config"), "{}");
}

TEST(CriMessages, RefusesWhatIsCutAnywhere)
{
    const std::string list = text_field(1, one_container());
    for (std::size_t size = 1; size < list.size(); ++size) {
        EXPECT_FALSE(read_containers(std::string_view(list).substr(0, size))) << size;
    }
    const std::string status = text_field(1, one_status());
    for (std::size_t size = 0; size < status.size(); ++size) {
        EXPECT_FALSE(read_container_status(std::string_view(status).substr(0, size))) << size;
    }
    EXPECT_FALSE(read_containers(text_field(1, one_container().substr(0, 40)))) << "cut inside an element";
}

TEST(CriMessages, RefusesWhatIsNoMessage)
{
    for (const std::string_view nonsense :
         {"\x0b", "\xff", "\xff\xff\xff", "\x0a", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
          "\x0a\xff\xff\xff\xff\x0f", "{}"}) {
        EXPECT_FALSE(read_containers(nonsense));
        EXPECT_FALSE(read_sandboxes(nonsense));
        EXPECT_FALSE(read_container_status(nonsense));
        EXPECT_FALSE(read_sandbox_status(nonsense));
        EXPECT_FALSE(read_runtime_status(nonsense));
        EXPECT_FALSE(read_version(nonsense));
    }
}

TEST(CriMessages, BoundsAList)
{
    std::string many;
    for (int i = 0; i < 10'000; ++i) many += text_field(1, "");
    EXPECT_TRUE(read_containers(many));
    const auto more = read_containers(many + text_field(1, ""));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().kind(), failure::too_large);
}

TEST(CriMessages, BoundsAnElement)
{
    const auto list = read_containers(text_field(1, text_field(1, std::string(600U << 10U, 'x'))));
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().kind(), failure::too_large);
}

TEST(CriMessages, BoundsLabels)
{
    const std::string manifest(20U << 10U, 'x');
    std::string labels = entry_field(8, "manifest", manifest);
    for (int i = 0; i < 10; ++i) labels += entry_field(8, "label" + std::to_string(i), std::string(10U << 10U, 'y'));
    labels += entry_field(8, "io.kubernetes.pod.name", "web");
    const auto list = read_containers(text_field(1, text_field(1, id) + labels));
    ASSERT_TRUE(list);
    const kept_texts& kept = list->front().labels;
    EXPECT_EQ(kept.of("io.kubernetes.pod.name"), "web") << "the kubelet's own come first";
    EXPECT_EQ(kept.map.size(), 7U);
    EXPECT_EQ(kept.left_out, 5U);
}

TEST(CriMessages, LeavesOutInfoThatIsTooLong)
{
    const auto status =
        read_container_status(text_field(1, one_status()) + entry_field(2, "info", std::string(5U << 20U, 'x')));
    ASSERT_TRUE(status);
    EXPECT_EQ(status->info, "");
}

}  // namespace
}  // namespace nodescope::cri
