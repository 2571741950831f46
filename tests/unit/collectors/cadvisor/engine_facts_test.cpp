// What is remembered of the Docker Engine. cadvisor-v2.md §4.2, §14.2 "remember".
#include "collectors/cadvisor/engine_facts.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace nodescope;
using namespace nodescope::cadvisor;
using nodescope::testing::run_task;

namespace {

const auto long_enough = deadline::in(std::chrono::hours(1));

class fake_docker final : public docker::client {
public:
    result<docker::shared_body> answer = error(failure::unavailable, "away");
    int calls = 0;
    steady_clock::duration longest{};  ///< that a call was given

    task<result<docker::shared_body>> list_containers(deadline) override { co_return error(); }
    task<result<docker::shared_body>> info(deadline limit) override { return give(limit); }
    task<result<docker::shared_body>> engine_version(deadline limit) override { return give(limit); }
    task<result<docker::container_state>> inspect(const container_reference&, deadline) override { co_return error(); }
    task<result<docker::container_state>> find_pod_container(std::string, std::string, std::string, deadline) override
    {
        co_return error();
    }
    [[nodiscard]] const std::string& endpoint_text() const noexcept override { return endpoint_; }
    void drop_idle() override {}

    void say(const char* body) { answer = std::make_shared<const std::string>(body); }

private:
    task<result<docker::shared_body>> give(deadline limit)
    {
        ++calls;
        longest = std::max(longest, limit.limit());
        co_return answer;
    }
    std::string endpoint_ = "unix:///fake";
};

}  // namespace

TEST(ParseEngineVersions, TakesWhatIsThere)
{
    const engine_versions both = parse_engine_versions(R"({"Version":"20.10.24+dfsg1","ApiVersion":"1.41"})");
    EXPECT_EQ(both.engine, "20.10.24+dfsg1");
    EXPECT_EQ(both.api, "1.41");
    EXPECT_EQ(parse_engine_versions(R"({"Version":"24.0"})").api, "Unknown");
    const std::string endless = R"({"Version":")" + std::string(5000, 'x') + R"("})";
    for (const std::string_view text :
         {std::string_view(""), std::string_view("{}"), std::string_view("[]"), std::string_view("{\"Version\":"),
          std::string_view(R"({"Version":7,"ApiVersion":null})"), std::string_view(R"({"Version":""})"),
          std::string_view(endless)}) {
        EXPECT_EQ(parse_engine_versions(text), engine_versions()) << text;
    }
}

TEST(ParseDockerRoot, TakesAnAbsolutePath)
{
    EXPECT_EQ(parse_docker_root(R"({"DockerRootDir":"/data/docker"})"), "/data/docker");
    for (const std::string_view text : {"", "{}", R"({"DockerRootDir":"data"})", R"({"DockerRootDir":null})"}) {
        EXPECT_EQ(parse_docker_root(text), std::nullopt) << text;
    }
}

TEST(EngineFacts, AreRemembered)
{
    fake_docker docker;
    docker.say(R"({"Version":"20.10.24","ApiVersion":"1.41","DockerRootDir":"/data"})");
    engine_facts facts(&docker);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(run_task(facts.versions(long_enough)).engine, "20.10.24");
        EXPECT_EQ(run_task(facts.data_root(long_enough)), "/data");
    }
    EXPECT_EQ(docker.calls, 2);
    EXPECT_EQ(docker.longest, engine_facts::patience);
}

TEST(EngineFacts, LeaveADaemonThatDoesNotAnswerAlone)
{
    fake_docker docker;
    engine_facts facts(&docker);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(run_task(facts.versions(long_enough)), engine_versions());
        EXPECT_EQ(run_task(facts.data_root(long_enough)), "/var/lib/docker");
        EXPECT_EQ(run_task(facts.said_data_root(long_enough)).value_or("not said"), "not said");
    }
    EXPECT_EQ(docker.calls, 2);
}

TEST(EngineFacts, DoNotTakeACallerThatLeftForAnAnswer)
{
    fake_docker docker;
    docker.answer = error(failure::cancelled, "left");
    engine_facts facts(&docker);
    EXPECT_EQ(run_task(facts.versions(long_enough)).engine, "Unknown");
    EXPECT_EQ(run_task(facts.data_root(long_enough)), "/var/lib/docker");
    docker.say(R"({"Version":"1"})");
    EXPECT_EQ(run_task(facts.versions(long_enough)).engine, "1");
    EXPECT_EQ(run_task(facts.data_root(long_enough)), "/var/lib/docker");
}

TEST(EngineFacts, AreUnknownWithoutADaemon)
{
    engine_facts facts(nullptr);
    EXPECT_EQ(run_task(facts.versions(long_enough)), engine_versions());
    EXPECT_EQ(run_task(facts.data_root(long_enough)), "/var/lib/docker");
}
