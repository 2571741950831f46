// What is remembered of a runtime.
#include "collectors/cadvisor/engine_facts.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace nodescope;
using namespace nodescope::cadvisor;
using nodescope::testing::run_task;

namespace {

const auto facts_limit = deadline::in(std::chrono::hours(1));

class fake_runtime final : public runtime {
public:
    std::optional<error> failing = error(failure::unavailable, "away");
    runtime_facts said;
    std::string root;
    int calls = 0;
    steady_clock::duration longest{};  ///< that a call was given

    task<result<runtime_facts>> facts(deadline limit) override { return give(said, limit); }
    task<result<std::string>> storage_root(deadline limit) override { return give(root, limit); }
    task<result<container>> inspect(container_reference, deadline) override { co_return error(); }
    task<result<container>> find_pod_container(std::string, std::string, std::string, deadline) override
    {
        co_return error();
    }
    [[nodiscard]] std::string_view name() const noexcept override { return "fake"; }
    [[nodiscard]] bool answers_to(reference_scheme) const noexcept override { return false; }
    void drop_idle() override {}

    void say(std::string version, std::string api_version = "", std::string storage = "")
    {
        said.version = std::move(version);
        said.api_version = std::move(api_version);
        root = std::move(storage);
        failing.reset();
    }

private:
    template <class T>
    task<result<T>> give(T answer, deadline limit)
    {
        ++calls;
        longest = std::max(longest, limit.limit());
        if (failing) co_return *failing;
        co_return answer;
    }
};

}  // namespace

TEST(EngineFacts, AreRemembered)
{
    fake_runtime docker;
    docker.say("20.10.24", "1.41", "/data");
    engine_facts facts(&docker);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(run_task(facts.versions(facts_limit)).engine, "20.10.24");
        EXPECT_EQ(run_task(facts.versions(facts_limit)).api, "1.41");
        EXPECT_EQ(run_task(facts.data_root(facts_limit)), "/data");
    }
    EXPECT_EQ(docker.calls, 2);
    EXPECT_EQ(docker.longest, engine_facts::patience);
}

TEST(EngineFacts, LeaveADaemonThatDoesNotAnswerAlone)
{
    fake_runtime docker;
    engine_facts facts(&docker);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(run_task(facts.versions(facts_limit)), engine_versions());
        EXPECT_EQ(run_task(facts.data_root(facts_limit)), "/var/lib/docker");
        EXPECT_EQ(run_task(facts.said_data_root(facts_limit)).value_or("not said"), "not said");
    }
    EXPECT_EQ(docker.calls, 2);
}

TEST(EngineFacts, DoNotTakeACallerThatLeftForAnAnswer)
{
    fake_runtime docker;
    docker.failing = error(failure::cancelled, "left");
    engine_facts facts(&docker);
    EXPECT_EQ(run_task(facts.versions(facts_limit)).engine, "Unknown");
    EXPECT_EQ(run_task(facts.data_root(facts_limit)), "/var/lib/docker");
    docker.say("1");
    EXPECT_EQ(run_task(facts.versions(facts_limit)).engine, "1");
    EXPECT_EQ(run_task(facts.versions(facts_limit)).api, "Unknown");
    EXPECT_EQ(run_task(facts.data_root(facts_limit)), "/var/lib/docker");
}

TEST(EngineFacts, AreUnknownWithoutADaemon)
{
    engine_facts facts(nullptr);
    EXPECT_EQ(run_task(facts.versions(facts_limit)), engine_versions());
    EXPECT_EQ(run_task(facts.data_root(facts_limit)), "/var/lib/docker");
}
