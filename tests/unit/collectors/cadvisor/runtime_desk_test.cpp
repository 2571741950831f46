// How renamed containers are noticed. What else a desk does is seen through the directory that it serves.
#include "collectors/cadvisor/runtime_desk.hpp"

#include "tests/support/run_until.hpp"
#include "tests/unit/collectors/cadvisor/one_runtime.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::id_a;
using nodescope::testing::id_b;
using nodescope::testing::run_until;
using nodescope::testing::running;

namespace {

class Renames : public nodescope::testing::one_runtime {};

std::string container_id(std::size_t number) { return fmt::format("{:064x}", number); }

}  // namespace

TEST_F(Renames, AsksAgainAboutThoseThatAreCalledOtherwise)
{
    directory.want(id_a);
    directory.want(id_b);
    settle();
    docker.names = {{id_a, "new"}, {id_b, "name-of-bbbb"}, {std::string(64, 'c'), "nobody-asked"}};
    docker.answer = [](const std::string& id) { return result<container>(running(id, "new")); };
    directory.follow_renames();
    settle();
    EXPECT_EQ(directory.look(id_a).state->name, "new");
    EXPECT_EQ(directory.look(id_b).state->name, "name-of-bbbb");
    EXPECT_EQ(docker.asked, (std::vector<std::string>{id_a, id_b, id_a}));
    directory.follow_renames();
    settle();
    EXPECT_EQ(docker.names_asked, 1) << "what was just heard";
}

TEST_F(Renames, AnAnswerThatThereIsNoRoomForIsTheServicesTroubleAlone)
{
    docker.answer = [](const std::string& id) {
        if (id == id_a) return result<container>(error(failure::overloaded, "the service takes 90 MiB already"));
        return result<container>(running(id, "web"));
    };
    directory.want(id_a);
    directory.want(id_b);
    settle();
    ASSERT_TRUE(directory.look(id_b).state) << "others are asked about all the same";
    EXPECT_EQ(directory.look(id_a).says, standing::unknown);
    EXPECT_FALSE(directory.unwell());
}

TEST_F(Renames, TextsThatThereIsNoRoomForCostAContainerItsOwn)
{
    constexpr std::size_t each = 1U << 20U;
    docker.answer = [](const std::string& id) {
        auto state = running(id, "web");
        state.labels = {{"app", std::string(each, 'x')}};
        return result<container>(state);
    };
    const std::size_t fitting = runtime_desk::texts_limit_bytes / each - 1;  // with what is around them
    for (std::size_t at = 0; at <= fitting; ++at) directory.want(container_id(at));
    settle();
    std::size_t with_labels = 0;
    for (std::size_t at = 0; at <= fitting; ++at) {
        ASSERT_TRUE(directory.look(container_id(at)).state) << at;
        EXPECT_EQ(directory.look(container_id(at)).state->name, "web");
        with_labels += directory.look(container_id(at)).state->labels.size();
    }
    EXPECT_EQ(with_labels, fitting);
    EXPECT_EQ(directory.texts_left_out(), 1U);
    // What has gone leaves room.
    directory.forget(container_id(0));
    directory.want(container_id(100));
    settle();
    EXPECT_EQ(directory.look(container_id(100)).state->labels.size(), 1U);
    EXPECT_EQ(directory.texts_left_out(), 1U);
}

TEST_F(Renames, AsksNobodyForNamesWithoutContainers)
{
    directory.follow_renames();
    settle();
    EXPECT_EQ(docker.names_asked, 0);
}

TEST_F(Renames, ASilentDaemonKeepsTheNamesItHadGivenAndNobodyWaiting)
{
    directory.want(id_a);
    settle();
    docker.silent = true;
    directory.follow_renames();
    const auto begin = steady_clock::now();
    settle();
    EXPECT_LT(steady_clock::now() - begin, container_directory::answer_limit);
    EXPECT_TRUE(directory.unwell());
    directory.follow_renames();
    settle();
    EXPECT_LT(steady_clock::now() - begin, container_directory::answer_limit) << "who comes next does not wait at all";
    EXPECT_EQ(directory.look(id_a).state->name, "name-of-aaaa");
    ASSERT_TRUE(run_until(reactor, [&] { return !lines.empty(); }));
    docker.silent = false;
    docker.names = {{id_a, "back"}};
    docker.answer = [](const std::string& id) { return result<container>(running(id, "back")); };
    ASSERT_TRUE(run_until(reactor, [&] {
        directory.follow_renames();
        return directory.look(id_a).state->name == "back";
    }));
    EXPECT_FALSE(directory.unwell());
}
