// What a runtime is asked about the containers that the cgroup tree shows, and how little.
#include "collectors/cadvisor/container_directory.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/cadvisor/scripted_runtime.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::run_task;
using nodescope::testing::run_until;
using nodescope::testing::running;
using nodescope::testing::scripted_runtime;
using standing = container_directory::standing;

namespace {

const std::string id_a(64, 'a');
const std::string id_b(64, 'b');

class ContainerDirectory : public ::testing::Test {
protected:
    static task<int> settled(container_directory& which)
    {
        co_await which.settle(deadline::in(1min));
        co_return 0;
    }
    void settle() { run_task(reactor, settled(directory)); }
    [[nodiscard]] standing said_of(const std::string& id) const { return directory.look(id).says; }

    boost::asio::io_context reactor{1};
    std::vector<std::string> lines;
    logger log{log_level::info, log_format::text, [this](std::string_view line) { lines.emplace_back(line); }};
    task_group group{reactor.get_executor(), log};
    runtimes all;
    scripted_runtime& docker = all.add(std::make_unique<scripted_runtime>());
    container_directory directory{all, group, log};
};

}  // namespace

TEST_F(ContainerDirectory, AsksAboutEachOnce)
{
    EXPECT_EQ(said_of(id_a), standing::unknown);
    directory.want(id_a);
    directory.want(id_a);
    settle();
    ASSERT_EQ(said_of(id_a), standing::named);
    EXPECT_EQ(directory.look(id_a).state->name, "name-of-aaaa");
    directory.want(id_a);
    settle();
    EXPECT_EQ(docker.asked.size(), 1U);
    EXPECT_LE(docker.longest_limit, container_directory::answer_limit);
}

TEST_F(ContainerDirectory, TellsByItsRevisionThatItHasLearned)
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

TEST_F(ContainerDirectory, KnowsNobodyWithoutADaemon)
{
    const runtimes no_runtime;
    container_directory none(no_runtime, group, log);
    none.want(id_a);
    run_task(reactor, settled(none));
    EXPECT_EQ(none.look(id_a).says, standing::foreign);
    EXPECT_EQ(run_task(reactor, none.exit_code(id_a, deadline::in(1min))), -1);
}

TEST_F(ContainerDirectory, AsksAFewAtATime)
{
    docker.takes = 1ms;
    for (char c = 'a'; c <= 't'; ++c) directory.want(std::string(64, c));
    ASSERT_TRUE(run_until(reactor, [&] { return said_of(std::string(64, 't')) == standing::named; }));
    EXPECT_EQ(docker.asked.size(), 20U);
    EXPECT_EQ(docker.most_at_once, container_directory::questions_at_once);
}

TEST_F(ContainerDirectory, DoesNotBelieveTheFirstNo)
{
    bool known = false;
    docker.answer = [&](const std::string& id) -> result<container> {
        if (known) return running(id, "late");
        return error(failure::gone, "No such container");
    };
    directory.want(id_a);
    settle();
    EXPECT_EQ(said_of(id_a), standing::foreign);
    directory.want(id_a);
    settle();
    EXPECT_EQ(docker.asked.size(), 1U) << "not before the pause is over";
    known = true;
    ASSERT_TRUE(run_until(reactor, [&] {
        directory.want(id_a);
        return said_of(id_a) == standing::named;
    }));
    EXPECT_EQ(docker.asked.size(), 2U);
}

TEST_F(ContainerDirectory, LeavesWhoHasNoProcessUndecided)
{
    docker.answer = [](const std::string& id) { return result<container>(running(id, "created", 0)); };
    directory.want(id_a);
    settle();
    EXPECT_EQ(said_of(id_a), standing::unknown);
    EXPECT_EQ(directory.look(id_a).state, nullptr);
}

TEST_F(ContainerDirectory, LeavesAFailingDaemonAlone)
{
    docker.answer = [](const std::string&) -> result<container> {
        return error(failure::unavailable, "Cannot connect");
    };
    docker.takes = 1ms;
    for (char c = 'a'; c <= 'h'; ++c) directory.want(std::string(64, c));
    settle();
    EXPECT_TRUE(directory.unwell());
    const std::size_t before = docker.asked.size();
    EXPECT_LE(before, container_directory::questions_at_once);
    directory.want(id_b);
    directory.ask_again(id_a);
    settle();
    run_until(reactor, [&] { return docker.at_once == 0; });
    EXPECT_EQ(docker.asked.size(), before) << "nobody is asked while it rests";
    EXPECT_EQ(said_of(id_a), standing::unknown);
    EXPECT_EQ(lines.size(), 1U) << "said once";
    EXPECT_NE(lines.at(0).find("Cannot connect"), std::string::npos);
}

TEST_F(ContainerDirectory, WaitsForASilentDaemonOnceAndNotLong)
{
    docker.silent = true;
    directory.want(id_a);
    settle();
    EXPECT_TRUE(directory.unwell()) << "nobody else waits";
    EXPECT_EQ(said_of(id_a), standing::unknown);
    EXPECT_EQ(docker.at_once, 1U) << "the question itself is still open";
}

TEST_F(ContainerDirectory, ForgetsWhatItIsAskingAbout)
{
    docker.takes = 5ms;
    directory.want(id_a);
    reactor.run_one_for(1ms);
    directory.forget(id_a);
    settle();
    run_until(reactor, [&] { return docker.at_once == 0 && group.size() == 0; });
    EXPECT_EQ(said_of(id_a), standing::unknown);
    directory.want(id_a);
    settle();
    EXPECT_EQ(said_of(id_a), standing::named);
}

TEST_F(ContainerDirectory, AsksAgainWhenToldTo)
{
    directory.ask_again(id_a);  // which nobody has wanted
    settle();
    EXPECT_TRUE(docker.asked.empty());
    directory.want(id_a);
    settle();
    docker.answer = [](const std::string& id) { return result<container>(running(id, "renamed", 7)); };
    directory.ask_again(id_a);
    EXPECT_EQ(directory.look(id_a).state->name, "name-of-aaaa") << "what was said stays until there is something new";
    settle();
    EXPECT_EQ(directory.look(id_a).state->name, "renamed");
    EXPECT_EQ(docker.asked.size(), 2U);
}

TEST_F(ContainerDirectory, TellsHowAContainerEnded)
{
    int questions = 0;
    docker.answer = [&](const std::string& id) {
        auto state = running(id, "x", ++questions < 3 ? 17 : 0);  // Docker notices late
        state.exit_code = 137;
        return result<container>(state);
    };
    EXPECT_EQ(run_task(reactor, directory.exit_code(id_a, deadline::in(1min))), 137);
    EXPECT_EQ(questions, 3);
    docker.answer = [](const std::string&) -> result<container> { return error(failure::gone, "no"); };
    EXPECT_EQ(run_task(reactor, directory.exit_code(id_a, deadline::in(1min))), -1) << "removed";
    docker.answer = [](const std::string& id) { return result<container>(running(id, "x", 17)); };
    EXPECT_EQ(run_task(reactor, directory.exit_code(id_a, deadline::in(300ms))), -1) << "runs (again)";
    EXPECT_EQ(run_task(reactor, directory.exit_code("-not an id", deadline::in(1min))), -1);
}
