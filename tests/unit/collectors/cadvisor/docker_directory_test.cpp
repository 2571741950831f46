// What Docker is asked about the containers that the cgroup tree shows, and how little. cadvisor-v2.md §5, §10.2.
#include "collectors/cadvisor/docker_directory.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/cadvisor/scripted_docker.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::run_task;
using nodescope::testing::run_until;
using nodescope::testing::running;
using nodescope::testing::scripted_docker;
using verdict = docker_directory::verdict;

namespace {

const std::string id_a(64, 'a');
const std::string id_b(64, 'b');

class DockerDirectory : public ::testing::Test {
protected:
    static task<int> settled(docker_directory& which)
    {
        co_await which.settle(deadline::in(1min));
        co_return 0;
    }
    void settle() { run_task(reactor, settled(directory)); }
    [[nodiscard]] verdict said_of(const std::string& id) const { return directory.look(id).says; }

    boost::asio::io_context reactor{1};
    std::vector<std::string> lines;
    logger log{log_level::info, log_format::text, [this](std::string_view line) { lines.emplace_back(line); }};
    task_group group{reactor.get_executor(), log};
    scripted_docker docker;
    docker_directory directory{&docker, group, log};
};

}  // namespace

TEST_F(DockerDirectory, AsksAboutEachOnce)
{
    EXPECT_EQ(said_of(id_a), verdict::unknown);
    directory.want(id_a);
    directory.want(id_a);
    settle();
    ASSERT_EQ(said_of(id_a), verdict::docker);
    EXPECT_EQ(directory.look(id_a).state->name, "name-of-aaaa");
    directory.want(id_a);
    settle();
    EXPECT_EQ(docker.asked.size(), 1U);
    EXPECT_LE(docker.longest_limit, docker_directory::answer_limit);
}

TEST_F(DockerDirectory, TellsByItsRevisionThatItHasLearned)
{
    const auto nothing = directory.revision();
    directory.want(id_a);
    EXPECT_EQ(directory.revision(), nothing) << "asked, not answered";
    settle();
    const auto named = directory.revision();
    EXPECT_NE(named, nothing);
    directory.want(id_a);
    settle();
    EXPECT_EQ(directory.revision(), named) << "nothing new";
    directory.ask_again(id_a);
    settle();
    const auto again = directory.revision();
    EXPECT_NE(again, named);
    directory.forget(id_a);
    EXPECT_NE(directory.revision(), again);
}

TEST_F(DockerDirectory, KnowsNobodyWithoutADaemon)
{
    docker_directory none(nullptr, group, log);
    none.want(id_a);
    run_task(reactor, settled(none));
    EXPECT_EQ(none.look(id_a).says, verdict::foreign);
    EXPECT_EQ(run_task(reactor, none.exit_code(id_a, deadline::in(1min))), -1);
}

TEST_F(DockerDirectory, AsksAFewAtATime)
{
    docker.takes = 1ms;
    for (char c = 'a'; c <= 't'; ++c) directory.want(std::string(64, c));
    ASSERT_TRUE(run_until(reactor, [&] { return said_of(std::string(64, 't')) == verdict::docker; }));
    EXPECT_EQ(docker.asked.size(), 20U);
    EXPECT_EQ(docker.most_at_once, docker_directory::questions_at_once);
}

TEST_F(DockerDirectory, DoesNotBelieveTheFirstNo)
{
    bool known = false;
    docker.answer = [&](const std::string& id) -> result<docker::container_state> {
        if (known) return running(id, "late");
        return error(failure::gone, "No such container");
    };
    directory.want(id_a);
    settle();
    EXPECT_EQ(said_of(id_a), verdict::foreign);
    directory.want(id_a);
    settle();
    EXPECT_EQ(docker.asked.size(), 1U) << "not before the pause is over";
    known = true;
    ASSERT_TRUE(run_until(reactor, [&] {
        directory.want(id_a);
        return said_of(id_a) == verdict::docker;
    }));
    EXPECT_EQ(docker.asked.size(), 2U);
}

TEST_F(DockerDirectory, LeavesWhoHasNoProcessUndecided)
{
    docker.answer = [](const std::string& id) { return result<docker::container_state>(running(id, "created", 0)); };
    directory.want(id_a);
    settle();
    EXPECT_EQ(said_of(id_a), verdict::unknown);
    EXPECT_EQ(directory.look(id_a).state, nullptr);
}

TEST_F(DockerDirectory, LeavesAFailingDaemonAlone)
{
    docker.answer = [](const std::string&) -> result<docker::container_state> {
        return error(failure::unavailable, "Cannot connect");
    };
    docker.takes = 1ms;
    for (char c = 'a'; c <= 'h'; ++c) directory.want(std::string(64, c));
    settle();
    EXPECT_TRUE(directory.unwell());
    const std::size_t before = docker.asked.size();
    EXPECT_LE(before, docker_directory::questions_at_once);
    directory.want(id_b);
    directory.ask_again(id_a);
    settle();
    run_until(reactor, [&] { return docker.at_once == 0; });
    EXPECT_EQ(docker.asked.size(), before) << "nobody is asked while it rests";
    EXPECT_EQ(said_of(id_a), verdict::unknown);
    EXPECT_EQ(lines.size(), 1U) << "said once";
    EXPECT_NE(lines.at(0).find("Cannot connect"), std::string::npos);
}

TEST_F(DockerDirectory, WaitsForASilentDaemonOnceAndNotLong)
{
    docker.silent = true;
    directory.want(id_a);
    settle();
    EXPECT_TRUE(directory.unwell()) << "nobody else waits";
    EXPECT_EQ(said_of(id_a), verdict::unknown);
    EXPECT_EQ(docker.at_once, 1U) << "the question itself is still open";
}

TEST_F(DockerDirectory, ForgetsWhatItIsAskingAbout)
{
    docker.takes = 5ms;
    directory.want(id_a);
    reactor.run_one_for(1ms);
    directory.forget(id_a);
    settle();
    run_until(reactor, [&] { return docker.at_once == 0 && group.size() == 0; });
    EXPECT_EQ(said_of(id_a), verdict::unknown);
    directory.want(id_a);
    settle();
    EXPECT_EQ(said_of(id_a), verdict::docker);
}

TEST_F(DockerDirectory, AsksAgainWhenToldTo)
{
    directory.ask_again(id_a);  // whom nobody has wanted
    settle();
    EXPECT_TRUE(docker.asked.empty());
    directory.want(id_a);
    settle();
    docker.answer = [](const std::string& id) { return result<docker::container_state>(running(id, "renamed", 7)); };
    directory.ask_again(id_a);
    EXPECT_EQ(directory.look(id_a).state->name, "name-of-aaaa") << "what was said stays until there is something new";
    settle();
    EXPECT_EQ(directory.look(id_a).state->name, "renamed");
    EXPECT_EQ(docker.asked.size(), 2U);
}

TEST_F(DockerDirectory, TellsHowAContainerEnded)
{
    int questions = 0;
    docker.answer = [&](const std::string& id) {
        auto state = running(id, "x", ++questions < 3 ? 17 : 0);  // Docker notices late
        state.exit_code = 137;
        return result<docker::container_state>(state);
    };
    EXPECT_EQ(run_task(reactor, directory.exit_code(id_a, deadline::in(1min))), 137);
    EXPECT_EQ(questions, 3);
    docker.answer = [](const std::string&) -> result<docker::container_state> { return error(failure::gone, "no"); };
    EXPECT_EQ(run_task(reactor, directory.exit_code(id_a, deadline::in(1min))), -1) << "removed";
    docker.answer = [](const std::string& id) { return result<docker::container_state>(running(id, "x", 17)); };
    EXPECT_EQ(run_task(reactor, directory.exit_code(id_a, deadline::in(300ms))), -1) << "runs (again)";
    EXPECT_EQ(run_task(reactor, directory.exit_code("-not an id", deadline::in(1min))), -1);
}
