// Requests about containers: what is refused before it is rendered.
#include "server/api/cadvisor/containers.hpp"

#include "tests/support/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace nodescope::api {
namespace {

using nodescope::testing::hang_limit;
using nodescope::testing::run_task;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

/// One container with as many samples as a test says.
class sampled_container final : public cadvisor::containers {
public:
    std::size_t samples = 0;

    task<result<std::vector<cadvisor::container_view>>> find(cadvisor::query, deadline) override
    {
        std::vector<cadvisor::container_view> found(1);
        found[0].name = "/a";
        found[0].spec = std::make_shared<cadvisor::container_spec>();
        found[0].samples.resize(samples);
        co_return found;
    }
    task<result<cadvisor::event_list>> history(cadvisor::event_filter, deadline) override { co_return error(); }
    result<std::unique_ptr<cadvisor::event_stream>> watch(cadvisor::event_filter) override
    {
        return error(failure::overloaded, "events: 64 streams are open already");
    }
};

class CadvisorContainers : public ::testing::Test {
protected:
    http::reply get(const std::string& name, cadvisor_version version, const std::string& query = "")
    {
        const auto types = container_request_types(
            containers, workers, [] { return device_naming(); }, answers);
        cadvisor_request asked;
        asked.parameters = url_query(query);
        asked.limit = deadline::in(hang_limit);
        for (const cadvisor_request_type& one : types) {
            if (one.name == name && (one.version == version || one.version == cadvisor_version::both)) {
                return run_task(one.answer(asked));
            }
        }
        throw std::runtime_error("no such request");
    }

    sampled_container containers;
    worker_pool workers;
    http::fair_budget memory = http::traffic(0).answers;
    large_answers answers{memory};
};

TEST_F(CadvisorContainers, ShowAsManyOfTheNewestSamplesAsAnAnswerHolds)
{
    for (const auto version : {cadvisor_version::v2_0, cadvisor_version::v2_1}) {
        containers.samples = 5'000;
        const auto whole = get("stats", version);
        EXPECT_EQ(whole.status, 200U);
        EXPECT_THAT(whole.headers, Not(Contains(Key("X-Left-Out"))));
        containers.samples = 40'000;
        const auto cut = get("stats", version);
        EXPECT_EQ(cut.status, 200U);
        EXPECT_THAT(cut.headers, Contains(Pair("X-Left-Out", "containers=0, samples=30000")));
        EXPECT_LT(cut.text().size(), large_answer_bytes);
    }
    EXPECT_EQ(memory.used(), 0U);
}

TEST_F(CadvisorContainers, SayThatThereIsNoSummaryYet)
{
    const auto none = get("summary", cadvisor_version::v2_0);
    EXPECT_EQ(none.status, 500U);
    EXPECT_EQ(none.text(), "derived stats not enabled for container \"/a\"\n");
}

TEST_F(CadvisorContainers, ShedStreamsThatAreTooMany)
{
    const auto refused = get("events", cadvisor_version::v2_0, "stream=true");
    EXPECT_EQ(refused.status, 503U);
    EXPECT_EQ(refused.text(), "events: 64 streams are open already\n");
}

}  // namespace
}  // namespace nodescope::api
