#include "collectors/cadvisor/ended_containers.hpp"
#include "tests/unit/collectors/cadvisor/node_containers_case.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace nodescope::cadvisor {
namespace {

using namespace std::chrono_literals;

ended_container ended(std::string path, time_point when = time_point(), std::string container = {})
{
    ended_container one;
    one.path = std::move(path);
    one.finished = when;
    if (!container.empty()) {
        one.pod.uid = "uid";
        one.pod.container = std::move(container);
    }
    return one;
}

std::vector<std::string> paths_of(ended_containers& of, time_point now = time_point())
{
    std::vector<std::string> out;
    for (const auto& one : of.list(now)) out.push_back(one->path);
    return out;
}

using texts = std::vector<std::string>;

TEST(EndedContainers, KeepTheLastEndOfEach)
{
    ended_containers all;
    EXPECT_EQ(paths_of(all), texts());
    all.add(ended("/docker/a"));
    all.add(ended("/docker/b"));
    all.add(ended("/docker/a"));
    EXPECT_EQ(paths_of(all), (texts{"/docker/b", "/docker/a"}));
    EXPECT_EQ(all.left_out(), 0U);
}

TEST(EndedContainers, ShowOneOfAPodsContainerThatIsStartedAgainUnderAnotherId)
{
    ended_containers all;
    all.add(ended("/kubepods/first", {}, "web"));
    all.add(ended("/kubepods/other", {}, "db"));
    all.add(ended("/kubepods/second", {}, "web"));
    EXPECT_EQ(paths_of(all), (texts{"/kubepods/other", "/kubepods/second"}));
}

TEST(EndedContainers, AreForgottenAfterADay)
{
    ended_containers all;
    all.add(ended("/a", time_point(0h)));
    all.add(ended("/b", time_point(2h)));
    EXPECT_EQ(paths_of(all, time_point(24h)), (texts{"/a", "/b"}));
    EXPECT_EQ(paths_of(all, time_point(25h)), (texts{"/b"}));
}

TEST(EndedContainers, AreDroppedByTheirOwnTime)
{
    ended_containers all;
    all.add(ended("/clock-ahead", time_point(1000h)));
    all.add(ended("/b", time_point(1h)));
    EXPECT_EQ(paths_of(all, time_point(26h)), (texts{"/clock-ahead"})) << "whatever ended before it by a wrong clock";
}

TEST(EndedContainers, TakeNoMoreThanTheirBytes)
{
    constexpr std::size_t long_path = 1000;
    constexpr std::size_t many = 2 * ended_containers::ends_limit_bytes / long_path;
    ended_containers all;
    for (std::size_t at = 0; at < many; ++at) all.add(ended(std::to_string(at) + std::string(long_path, 'x')));
    const auto kept = paths_of(all);
    EXPECT_LT(kept.size() * 2 * long_path, ended_containers::ends_limit_bytes + 4 * long_path) << "key and path";
    EXPECT_EQ(all.left_out(), many - kept.size());
    EXPECT_EQ(kept.back(), std::to_string(many - 1) + std::string(long_path, 'x')) << "the newest stay";
    all.add(ended(std::string(ended_containers::ends_limit_bytes, 'y')));
    EXPECT_EQ(paths_of(all), texts()) << "larger than all of them together";
}

class EndsOfContainers : public testing::node_containers_case {};

TEST_F(EndsOfContainers, RemembersHowAContainerEnded)
{
    const std::string path = "/docker/" + std::string(64, 'a');
    node.add(path);
    ASSERT_TRUE(find_of_docker("name-of-aaaa"));
    EXPECT_TRUE(service().ended().empty());
    docker.answer = [](const std::string& id) {
        auto state = testing::running(id, "name-of-aaaa", 0);
        state.exit_code = 137;
        state.killed_for_memory = true;
        state.finished_at = "2100-01-01T00:00:00Z";
        state.restart_count = 3;
        return result<container>(state);
    };
    node.remove(path);
    ASSERT_TRUE(find("/"));
    ASSERT_TRUE(testing::run_until(reactor, [&] { return !service().ended().empty(); }));
    const auto ended = service().ended();
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0]->path, path);
    EXPECT_EQ(ended[0]->name, "name-of-aaaa");
    EXPECT_EQ(ended[0]->exit_code, 137);
    EXPECT_TRUE(ended[0]->killed_for_memory);
    EXPECT_EQ(ended[0]->restarts, 3U);
    EXPECT_EQ(ended[0]->finished, time_point(std::chrono::sys_days(std::chrono::January / 1 / 2100)));
}

}  // namespace
}  // namespace nodescope::cadvisor
