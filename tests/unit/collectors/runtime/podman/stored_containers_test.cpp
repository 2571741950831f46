#include "collectors/runtime/podman/stored_containers.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::podman {
namespace {

const std::string stored_id(64, 'a');
const std::string other_stored_id = std::string(20, 'a') + std::string(44, 'b');
const std::string layer(64, '1');

std::string entry(const std::string& id, const std::string& names, const std::string& metadata)
{
    return fmt::format(R"({{"id":"{}","names":{},"image":"0123","layer":"{}","metadata":"{}",)"
                       R"("created":"2026-01-01T00:00:00.123456789Z","flags":{{"MountLabel":""}}}})",
                       id, names, layer, metadata);
}

const std::string of_libpod = R"({\"image-name\":\"localhost/busybox:local\",\"image-id\":\"0123\",\"name\":\"web\"})";
const std::string of_crio = R"({\"pod-name\":\"k8s_POD_x\",\"pod-id\":\"77\",\"image-name\":\"pause\"})";

std::vector<stored_container> read(const std::string& json)
{
    std::vector<stored_container> all;
    const auto added = add_stored_containers(json, "overlay", all);
    EXPECT_TRUE(added) << added.error();
    return all;
}

result<stored_container> find(const std::vector<stored_container>& all, const std::string& text)
{
    return find_stored(all, *container_reference::parse(text));
}

TEST(StoredContainers, AreReadWithTheirNames)
{
    const auto all = read("[" + entry(stored_id, R"(["web"])", of_libpod) + "]\n");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].id, stored_id);
    EXPECT_EQ(all[0].name, "web");
    EXPECT_EQ(all[0].image, "localhost/busybox:local");
    EXPECT_EQ(all[0].image_id, "0123");
    EXPECT_EQ(all[0].layer, layer);
    EXPECT_EQ(all[0].created, "2026-01-01T00:00:00.123456789Z");
    EXPECT_EQ(all[0].driver, "overlay");
}

TEST(StoredContainers, OfCriOAreLeftToIt)
{
    const auto all = read("[" + entry(stored_id, R"(["k8s_app"])", of_crio) + "," +
                          entry(other_stored_id, R"(["web"])", of_libpod) + "]");
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].id, other_stored_id);
}

TEST(StoredContainers, WithoutIdOrNameAreLeftOut)
{
    const std::string others[] = {"null",
                                  "7",
                                  "{}",
                                  entry("short", R"(["web"])", of_libpod),
                                  entry(stored_id, "null", of_libpod),
                                  entry(stored_id, "[]", of_libpod),
                                  entry(stored_id, "[7]", of_libpod),
                                  entry(stored_id, R"(["../x"])", of_libpod),
                                  entry(stored_id, R"(["a b"])", of_libpod),
                                  fmt::format(R"({{"id":7,"names":["web"],"metadata":[]}})")};
    for (const std::string& one : others) {
        const auto all = read("[" + one + "," + entry(other_stored_id, R"(["side"])", "") + "]");
        ASSERT_EQ(all.size(), 1U) << one;
        EXPECT_EQ(all[0].name, "side");
    }
    EXPECT_TRUE(read("null").empty());
    EXPECT_TRUE(read("[]").empty());
}

TEST(StoredContainers, AreNotReadFromWhatIsNoList)
{
    const std::string whole = "[" + entry(stored_id, R"(["web"])", of_libpod) + "]";
    std::vector<stored_container> all;
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(add_stored_containers(whole.substr(0, length), "overlay", all)) << length;
    }
    for (const char* const text : {"{}", "7", "[] x", "<html>"}) {
        EXPECT_EQ(add_stored_containers(text, "overlay", all).error().kind(), failure::malformed) << text;
    }
    EXPECT_TRUE(all.empty());
}

TEST(StoredContainers, AreNoMoreThanFit)
{
    std::string json = "[";
    for (std::size_t i = 0; i < stored_container_limit + 10; ++i) {
        json += (i == 0 ? "" : ",") + entry(fmt::format("{:064x}", i), fmt::format(R"(["c{}"])", i), "");
    }
    EXPECT_EQ(read(json + "]").size(), stored_container_limit);
}

TEST(FindStored, ByNameIdAndBeginningOfIt)
{
    const auto all =
        read("[" + entry(stored_id, R"(["web"])", of_libpod) + "," + entry(other_stored_id, R"(["side"])", "") + "]");
    EXPECT_EQ(find(all, "web")->id, stored_id);
    EXPECT_EQ(find(all, "podman://side")->id, other_stored_id);
    EXPECT_EQ(find(all, other_stored_id)->name, "side");
    EXPECT_EQ(find(all, other_stored_id.substr(0, 24))->name, "side");
    EXPECT_EQ(find(all, stored_id.substr(0, 12)).error().kind(), failure::conflict);
    EXPECT_EQ(find(all, other_stored_id.substr(30, 11)).error().kind(), failure::gone) << "too short for an id";
    EXPECT_EQ(find(all, "nosuch").error().message(), "podman: there is no container \"nosuch\" in its storage");
}

TEST(Specification, SaysWhoseTheNetworkIs)
{
    const auto with = [](const std::string& spaces) {
        return parse_specification(R"({"linux":{"namespaces":)" + spaces + "}}");
    };
    const auto own = with(R"([{"type":"pid"},{"type":"network","path":"/run/netns/netns-1"}])");
    EXPECT_EQ(own.network_file, "/run/netns/netns-1");
    EXPECT_FALSE(own.shares_network || own.host_network);
    const auto anonymous = with(R"([{"type":"network"}])");
    EXPECT_EQ(anonymous.network_file, "");
    EXPECT_FALSE(anonymous.shares_network || anonymous.host_network);
    const auto shared = with(R"([{"type":"network","path":"/proc/4711/ns/net"}])");
    EXPECT_EQ(shared.network_file, "");
    EXPECT_TRUE(shared.shares_network);
    EXPECT_TRUE(with(R"([{"type":"pid"}])").host_network);
    for (const char* const broken : {"", "{", "[]", "7", R"({"linux":null})", R"({"linux":{"namespaces":{}}})"}) {
        const auto none = parse_specification(broken);
        EXPECT_FALSE(none.host_network || none.shares_network) << broken;
    }
}

TEST(Specification, HasWhatTheContainerWasGiven)
{
    const auto got = parse_specification(
        R"({"process":{"args":["sh","-c","sleep 1"],"env":["A=b",7,"C=d"]},"linux":{"resources":{"cpu":{"shares":512}}}})");
    EXPECT_EQ(got.command, (std::vector<std::string>{"sh", "-c", "sleep 1"}));
    EXPECT_EQ(got.environment, (std::vector<std::string>{"A=b", "C=d"}));
    EXPECT_EQ(got.cpu_shares, 512);
    const auto big = parse_specification(R"({"process":{"env":[")" + std::string(70'000, 'x') + R"(","A=b"]}})");
    EXPECT_EQ(big.environment, std::vector<std::string>{"A=b"});
}

}  // namespace
}  // namespace nodescope::podman
