// What a runtime is asked about the containers that the cgroup tree shows, and how little.
#include "collectors/cadvisor/container_directory.hpp"
#include "tests/unit/collectors/cadvisor/one_runtime.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::id_a;
using nodescope::testing::id_b;
using nodescope::testing::run_task;
using nodescope::testing::run_until;
using nodescope::testing::running;
using nodescope::testing::scripted_runtime;

namespace {

class ContainerDirectory : public nodescope::testing::one_runtime {};

std::int64_t exit_code_of(const std::optional<container>& state) { return state ? state->exit_code : -1; }

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
    directory.refresh(id_a);
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
    EXPECT_EQ(exit_code_of(run_task(reactor, none.last_state(id_a, nullptr, deadline::in(1min)))), -1);
}

TEST_F(ContainerDirectory, AsksAFewAtATime)
{
    docker.takes = 1ms;
    for (char c = 'a'; c <= 't'; ++c) directory.want(std::string(64, c));
    ASSERT_TRUE(run_until(reactor, [&] { return said_of(std::string(64, 't')) == standing::named; }));
    EXPECT_EQ(docker.asked.size(), 20U);
    EXPECT_EQ(docker.most_at_once, container_directory::questions_at_once);
}

// A user makes a thousand cgroups that are named like containers, and then root starts one.
TEST_F(ContainerDirectory, AsksLastAndSeldomAboutWhatAnybodyCanHaveNamed)
{
    const auto id = [](int number) { return fmt::format("{:064x}", number); };
    docker.takes = 1ms;
    for (int i = 0; i < 1000; ++i) directory.want(id(i), true);
    directory.want(id_a);
    ASSERT_TRUE(run_until(reactor, [&] { return said_of(id_a) == standing::named; }));
    EXPECT_LE(docker.asked.size(), 2 * container_directory::questions_at_once);
    settle();
    // Two where the second is over meanwhile.
    EXPECT_LE(docker.asked.size(), 1U + 2 * container_directory::delegated_in_a_second);
    EXPECT_GE(docker.asked.size(), 1U + container_directory::delegated_in_a_second);
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
    directory.refresh(id_a);
    settle();
    ASSERT_TRUE(run_until(reactor, [&] { return docker.at_once == 0; }));
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
    ASSERT_TRUE(run_until(reactor, [&] { return docker.at_once == 0 && group.size() == 0; }));
    EXPECT_EQ(said_of(id_a), standing::unknown);
    directory.want(id_a);
    settle();
    EXPECT_EQ(said_of(id_a), standing::named);
}

TEST_F(ContainerDirectory, AsksAgainWhenToldTo)
{
    directory.refresh(id_a);  // which nobody has wanted
    settle();
    EXPECT_TRUE(docker.asked.empty());
    directory.want(id_a);
    settle();
    docker.answer = [](const std::string& id) { return result<container>(running(id, "renamed", 7)); };
    directory.refresh(id_a);
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
    EXPECT_EQ(exit_code_of(run_task(reactor, directory.last_state(id_a, &docker, deadline::in(1min)))), 137);
    EXPECT_EQ(questions, 3);
    docker.answer = [](const std::string&) -> result<container> { return error(failure::gone, "no"); };
    EXPECT_EQ(exit_code_of(run_task(reactor, directory.last_state(id_a, &docker, deadline::in(1min)))), -1)
        << "removed";
    docker.answer = [](const std::string& id) { return result<container>(running(id, "x", 17)); };
    EXPECT_EQ(exit_code_of(run_task(reactor, directory.last_state(id_a, &docker, deadline::in(300ms)))), -1)
        << "runs (again)";
    EXPECT_EQ(exit_code_of(run_task(reactor, directory.last_state("-not an id", nullptr, deadline::in(1min)))), -1);
}

namespace {

class DirectoryOfTwo : public ContainerDirectory {
protected:
    DirectoryOfTwo()
    {
        cri.called = "cri";
        docker.answer = [](const std::string& id) -> result<container> {
            if (id == id_a) return running(id, "of-docker");
            return error(failure::gone, "No such container");
        };
        cri.answer = [](const std::string& id) -> result<container> {
            if (id == id_b) return running(id, "of-cri");
            return error(failure::gone, "not found");
        };
    }
    void settle_both() { run_task(reactor, settled(both)); }
    void want_both()
    {
        both.want(id_a);
        both.want(id_b);
    }
    [[nodiscard]] std::string name_of(const std::string& id) const
    {
        const auto& said = both.look(id);
        return said.state ? said.state->name : std::string();
    }

    scripted_runtime& cri = all.add(std::make_unique<scripted_runtime>());
    container_directory both{all, group, log};
};

}  // namespace

TEST_F(DirectoryOfTwo, NamesEachByTheRuntimeThatHasIt)
{
    want_both();
    settle_both();
    EXPECT_EQ(name_of(id_a), "of-docker");
    EXPECT_EQ(name_of(id_b), "of-cri");
    EXPECT_EQ(both.runtime_of(id_a), &docker);
    EXPECT_EQ(both.runtime_of(id_b), &cri);
    const std::string nobodys(64, 'c');
    EXPECT_EQ(both.runtime_of(nobodys), nullptr);
    both.want(nobodys);
    settle_both();
    EXPECT_EQ(both.look(nobodys).says, standing::foreign);
}

TEST_F(DirectoryOfTwo, AsksNobodyElseAboutWhatOneHas)
{
    want_both();
    settle_both();
    const std::size_t before = docker.asked.size() + cri.asked.size();
    const auto pause = steady_clock::now() + 2 * container_directory::first_pause;
    ASSERT_TRUE(run_until(reactor, [&] { return steady_clock::now() > pause; }));
    want_both();
    settle_both();
    EXPECT_EQ(docker.asked.size() + cri.asked.size(), before);
}

TEST_F(DirectoryOfTwo, TheFirstOfTwoThatHaveItIsBelieved)
{
    // cri-dockerd has what Docker has.
    cri.answer = [](const std::string& id) { return result<container>(running(id, "of-cri")); };
    docker.takes = 5ms;
    both.want(id_a);
    settle_both();
    ASSERT_TRUE(run_until(reactor, [&] { return docker.at_once == 0 && group.size() == 0; }));
    EXPECT_EQ(name_of(id_a), "of-docker") << "though it answered last";
}

TEST_F(DirectoryOfTwo, ASilentRuntimeCostsTheOthersNothing)
{
    docker.silent = true;
    both.want(id_b);
    const auto began = steady_clock::now();
    settle_both();
    EXPECT_LT(steady_clock::now() - began, 500ms) << "nobody waits for what is answered";
    EXPECT_EQ(name_of(id_b), "of-cri");
    both.want(id_a);
    settle_both();
    EXPECT_TRUE(both.unwell());
    EXPECT_EQ(both.look(id_a).says, standing::unknown) << "only the silent one could tell";
    const std::string id_c(64, 'c');
    cri.answer = [](const std::string& id) { return result<container>(running(id, "new")); };
    both.want(id_c);
    const auto again = steady_clock::now();
    settle_both();
    EXPECT_LT(steady_clock::now() - again, 500ms);
    EXPECT_EQ(name_of(id_c), "new");
    EXPECT_EQ(exit_code_of(run_task(reactor, both.last_state(id_c, &cri, deadline::in(300ms)))), -1) << "runs";
    cri.answer = [](const std::string& id) {
        auto state = running(id, "new", 0);
        state.exit_code = 3;
        return result<container>(state);
    };
    EXPECT_EQ(exit_code_of(run_task(reactor, both.last_state(id_c, &cri, deadline::in(1min)))), 3);
    EXPECT_EQ(exit_code_of(run_task(reactor, both.last_state(id_a, &docker, deadline::in(1min)))), -1)
        << "nobody waits for that";
}

TEST_F(DirectoryOfTwo, AFailingRuntimeIsUsedAgainOnceItIsBack)
{
    const auto answers = docker.answer;
    docker.answer = [](const std::string&) -> result<container> { return error(failure::unavailable, "away"); };
    want_both();
    settle_both();
    EXPECT_EQ(name_of(id_b), "of-cri");
    EXPECT_EQ(name_of(id_a), "");
    docker.answer = answers;
    ASSERT_TRUE(run_until(reactor, [&] {
        want_both();
        return name_of(id_a) == "of-docker";
    }));
    EXPECT_FALSE(both.unwell());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_NE(lines[0].find("away"), std::string::npos);
    EXPECT_NE(lines[1].find("again"), std::string::npos);
}

TEST_F(DirectoryOfTwo, ARuntimeThatIsNotThereIsNotAsked)
{
    cri.there = false;
    container_directory here(all, group, log);
    here.want(id_b);
    run_task(reactor, settled(here));
    EXPECT_EQ(here.look(id_b).says, standing::foreign);
    EXPECT_TRUE(cri.asked.empty());
}

TEST_F(DirectoryOfTwo, ASandboxMayDoWithoutAProcess)
{
    cri.answer = [](const std::string& id) {
        auto state = running(id, "k8s_POD_web_default_u_0", 0);
        state.pod.is_sandbox = true;
        return result<container>(state);
    };
    both.want(id_b);
    settle_both();
    EXPECT_EQ(both.look(id_b).says, standing::named);
}
