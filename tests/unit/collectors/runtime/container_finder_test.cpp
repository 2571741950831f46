// Who is asked which container is meant: the runtimes, and the kernel where they cannot say.
#include "collectors/runtime/circuit_breaker.hpp"
#include "core/side_by_side.hpp"
#include "tests/support/run_until.hpp"
#include "tests/unit/collectors/runtime/container_finder_fixture.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace nodescope;
using namespace std::chrono_literals;
using nodescope::testing::id;
using nodescope::testing::run_task;
using nodescope::testing::silent;
using nodescope::testing::told_runtime;

namespace {

using ContainerFinder = nodescope::testing::container_finder_fixture;

}  // namespace

TEST_F(ContainerFinder, WhatARuntimeHasIsTheRuntimes)
{
    docker_.has_web(id);
    const auto found = find(id);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->resolved_by, "docker");
    EXPECT_EQ(found->what.name, "web");
    EXPECT_FALSE(found->runtime_failure);
}

TEST_F(ContainerFinder, WhatNoRuntimeCanSayTheKernelDoes)
{
    docker_.answer = silent;
    for (const std::string& reference : {id, id.substr(0, 12), "docker://" + id}) {
        const auto found = find(reference);
        ASSERT_TRUE(found) << found.error();
        EXPECT_EQ(found->resolved_by, "kernel");
        EXPECT_EQ(found->what.id, id);
        EXPECT_EQ(found->what.pid, 40);
        EXPECT_EQ(found->runtime_failure, silent);
    }
}

TEST_F(ContainerFinder, AContainerOfNoRuntimeThatWeAskIsNoFailure)
{
    const auto found = find(id);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->resolved_by, "kernel");
    EXPECT_FALSE(found->runtime_failure);
}

TEST_F(ContainerFinder, WhatTheKernelDoesNotKnowFailsAsTheRuntimeSays)
{
    docker_.answer = silent;
    for (const std::string& reference : {std::string("web"), id.substr(0, 11), std::string(64, '0')}) {
        const auto found = find(reference);
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error(), silent);
    }
}

TEST_F(ContainerFinder, WhatTheKernelCannotTellApartIsSaid)
{
    docker_.answer = silent;
    add("8fed049dc1fa0000000000000000000000000000000000000000000000000000", "");
    EXPECT_EQ(find("8fed049dc1fa").error().kind(), failure::conflict);
    const auto empty = find("8fed049dc1fa0");
    ASSERT_FALSE(empty);
    EXPECT_EQ(empty.error().kind(), failure::conflict);
    EXPECT_TRUE(empty.error().message().starts_with("container is not running: no process is in its cgroup /docker/8f"))
        << empty.error();
}

TEST_F(ContainerFinder, AnAmbiguousAnswerOfARuntimeStands)
{
    docker_.answer = error(failure::conflict, "not unique");
    EXPECT_EQ(find(id).error().message(), "not unique");
}

TEST_F(ContainerFinder, ManyWhoAskAtOnceShareOneLook)
{
    docker_.answer = silent;
    std::vector<std::optional<result<found_container>>> found(20);
    const auto ask = [&](std::optional<result<found_container>>& into) -> task<> {
        into = co_await finder_.find(container_reference::parse(id).value(), deadline::in(10s));
    };
    std::vector<task<>> askers;
    askers.reserve(found.size());
    for (auto& one : found) askers.push_back(ask(one));
    run_task(reactor_, side_by_side(std::move(askers)));
    for (const auto& one : found) EXPECT_TRUE(one && *one);
}

TEST_F(ContainerFinder, AKnownContainerCostsNoQuestion)
{
    docker_.has_web(id);
    find_and_prove("web");
    for (const std::string& reference : {id, "docker://" + id, std::string("web")}) {
        const auto found = find(reference);
        ASSERT_TRUE(found) << found.error();
        EXPECT_TRUE(found->known);
        EXPECT_EQ(found->resolved_by, "kernel");
        EXPECT_EQ(found->what.pid, 40);
        EXPECT_EQ(found->what.name, "web");
        EXPECT_EQ(found->start_ticks, 200U) << "what the kernel must confirm";
    }
    EXPECT_EQ(docker_.asked, 1);
}

TEST_F(ContainerFinder, WhatWasNotProvedIsNotKnown)
{
    docker_.has_web(id);
    find("web");
    EXPECT_FALSE(find("web")->known);
    find_and_prove("web");
    const auto known = find("web");
    finder_.forget(*known);
    docker_.has_web(id, 41);
    EXPECT_EQ(find("web")->what.pid, 41);
}

TEST_F(ContainerFinder, ASlowRuntimeCostsAnIdOnlyTheName)
{
    docker_.hangs = true;
    docker_.has_web(id);
    auto found = find(id);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->resolved_by, "kernel");
    EXPECT_EQ(found->what.name, "");
    EXPECT_EQ(found->runtime_failure->kind(), failure::timed_out);

    // What it says while everything else is read is not lost.
    docker_.goes_on.set();
    const found_container told = run_task(reactor_, finder_.complete(std::move(*found)));
    EXPECT_EQ(told.what.name, "web");
    EXPECT_FALSE(told.runtime_failure);
    EXPECT_EQ(docker_.asked, 1);
}

TEST_F(ContainerFinder, AnAnswerThatCameTooLateIsOfUseToTheNext)
{
    docker_.hangs = true;
    find_and_prove(id);
    docker_.has_web(id);
    docker_.goes_on.set();
    auto next = find(id);
    const found_container told = run_task(reactor_, finder_.complete(std::move(*next)));
    EXPECT_EQ(told.what.name, "web");
    EXPECT_EQ(find("web")->what.id, id);
}

TEST_F(ContainerFinder, ANameIsWhatItWasLastHeardToMeanWhereTheRuntimeFails)
{
    docker_.has_web(id);
    find_and_prove("web");
    docker_.answer = silent;
    find(std::string(64, '0'));  // another question that fails
    const auto found = find("web");
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->what.id, id);
    EXPECT_EQ(find("never-heard").error(), silent);
    const auto pod = run_task(reactor_, finder_.find_pod_container("shop", "till", "", deadline::in(10s)));
    EXPECT_EQ(pod.error(), silent);
}

TEST_F(ContainerFinder, AfterThreeMissesOneQuestionAtATimeIsAsked)
{
    docker_.answer = silent;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(find("web").error(), silent);
    docker_.has_web(id);
    // The next is asked after a pause; until then nobody waits.
    const auto other = find("other");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().kind(), failure::unavailable);
    EXPECT_EQ(other.error().message(),
              "docker has not answered the last 3 questions in time, and is asked one at a time: " + silent.message());
    EXPECT_EQ(find(id)->resolved_by, "kernel");
    EXPECT_EQ(docker_.asked, 3);
    const auto began = steady_clock::now();
    EXPECT_TRUE(nodescope::testing::wait_until([&] { return find("web").has_value(); }));
    EXPECT_GE(steady_clock::now() - began, circuit_breakers::open_for / 2);
    EXPECT_EQ(docker_.asked, 4);
    // It has answered: everybody may ask again.
    EXPECT_EQ(find(id)->resolved_by, "docker");
}

TEST_F(ContainerFinder, OneRuntimeThatHangsCostsNothingOfAnother)
{
    auto& containerd = runtimes_.add(std::make_unique<told_runtime>("containerd", reference_scheme::containerd));
    docker_.hangs = true;
    containerd.has_web(id);
    EXPECT_EQ(find("web")->resolved_by, "containerd");
    EXPECT_EQ(find("containerd://web")->resolved_by, "containerd");
    docker_.goes_on.set();
}

TEST_F(ContainerFinder, TwoRuntimesWithOneNameAreAConflict)
{
    auto& containerd = runtimes_.add(std::make_unique<told_runtime>("containerd", reference_scheme::containerd));
    docker_.has_web(id);
    containerd.has_web(std::string(64, 'b'));
    EXPECT_EQ(find("web").error().kind(), failure::conflict);
    EXPECT_EQ(find("docker://web")->what.id, id);
    EXPECT_EQ(find("containerd://web")->what.id, std::string(64, 'b'));
    EXPECT_EQ(find("web").error().kind(), failure::conflict) << "not what it meant with a scheme";
    find_and_prove("docker://web");
    EXPECT_EQ(find("web").error().kind(), failure::conflict) << "nor what was proved with one";
    EXPECT_TRUE(find("docker://web")->known);
}
