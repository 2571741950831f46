// The options of a request for events, and how events are written.
#include "server/api/cadvisor/events.hpp"

#include "tests/support/local_zone.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/server/api/cadvisor/cadvisor_fixture.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::api {
namespace {

using nodescope::testing::compact_fixture;
using nodescope::testing::events_of_fixture;
using nodescope::testing::run_task;
using nodescope::testing::without_newer_keys;

cadvisor::event_list shared(const std::vector<cadvisor::event>& events)
{
    cadvisor::event_list out;
    out.reserve(events.size());
    for (const cadvisor::event& one : events) out.push_back(std::make_shared<const cadvisor::event>(one));
    return out;
}

TEST(CadvisorEvents, AreThoseOfCadvisor)
{
    const nodescope::testing::local_zone zone("UTC0");
    for (const char* const name : {"v2.0_events_all_docker", "v2.0_events_oom"}) {
        EXPECT_EQ(without_newer_keys(events_json(shared(events_of_fixture(name)))), compact_fixture(name));
    }
    EXPECT_EQ(events_json({}), "[]");
}

TEST(CadvisorEvents, SayWhatNewerOnesSay)
{
    const nodescope::testing::local_zone zone("UTC0");
    cadvisor::event gone;
    gone.container_name = "/x";
    gone.type = cadvisor::event::kind::deletion;
    gone.exit_code = 137;
    cadvisor::event killed;
    killed.container_name = "/x";
    killed.type = cadvisor::event::kind::oom_kill;
    killed.pid = 7;
    killed.process_name = "sh";
    killed.constraint = "CONSTRAINT_MEMCG";
    EXPECT_EQ(events_json(shared({gone, killed})),
              R"([{"container_name":"/x","timestamp":"1970-01-01T00:00:00Z","event_type":"containerDeletion",)"
              R"("event_data":{"container_deletion":{"exit_code":137}}},)"
              R"({"container_name":"/x","timestamp":"1970-01-01T00:00:00Z","event_type":"oomKill",)"
              R"("event_data":{"oom":{"pid":7,"process_name":"sh","constraint":"CONSTRAINT_MEMCG"}}}])");
}

result<event_request> read(std::string_view query)
{
    cadvisor_request asked;
    asked.container = "/docker";
    asked.parameters = url_query(query);
    return read_event_request(asked);
}

TEST(EventRequest, AsksForNothingUnlessToldTo)
{
    const auto got = read("");
    ASSERT_TRUE(got);
    EXPECT_EQ(got->filter.container_name, "/docker");
    EXPECT_FALSE(got->filter.oom || got->filter.oom_kill || got->filter.creation || got->filter.deletion);
    EXPECT_FALSE(got->filter.subcontainers);
    EXPECT_EQ(got->filter.max_events, 10);
    EXPECT_FALSE(got->filter.start_time || got->filter.end_time);
    EXPECT_FALSE(got->stream);
}

TEST(EventRequest, ReadsItsOptions)
{
    const auto got = read(
        "oom_events=1&deletion_events=T&creation_events=yes&subcontainers=true&max_events=-1"
        "&start_time=2026-11-20T23:42:53.24446484Z&end_time=soon");
    ASSERT_TRUE(got);
    EXPECT_TRUE(got->filter.oom);
    EXPECT_FALSE(got->filter.oom_kill);
    EXPECT_FALSE(got->filter.creation);
    EXPECT_TRUE(got->filter.deletion);
    EXPECT_TRUE(got->filter.subcontainers);
    EXPECT_EQ(got->filter.max_events, -1);
    ASSERT_TRUE(got->filter.start_time);
    EXPECT_EQ(got->filter.start_time->time_since_epoch().count(), 1795218173244464840);
    EXPECT_FALSE(got->filter.end_time);
    const auto all = read("all_events=true&max_events=many&oom_events=false");
    EXPECT_TRUE(all->filter.oom && all->filter.oom_kill && all->filter.creation && all->filter.deletion);
    EXPECT_EQ(all->filter.max_events, 10);
}

TEST(EventRequest, RefusesAStreamOfThePast)
{
    for (const char* const bound : {"start_time", "end_time"}) {
        const auto got = read(std::string("stream=true&") + bound + "=2020-01-01T00:00:00Z");
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().message(),
                  "for a call to watch, request.StartTime and request.EndTime must be uninitialized");
    }
    EXPECT_TRUE(read("stream=true&start_time=nonsense")->stream);
}

/// Gives what it was made with, then fails.
class scripted_stream final : public cadvisor::event_stream {
public:
    explicit scripted_stream(std::deque<std::optional<cadvisor::event>> script) : script_(std::move(script)) {}
    task<result<std::optional<cadvisor::event>>> next(deadline) override
    {
        if (script_.empty()) co_return error(failure::overloaded, "events were lost");
        std::optional<cadvisor::event> out = std::move(script_.front());
        script_.pop_front();
        co_return out;
    }

private:
    std::deque<std::optional<cadvisor::event>> script_;
};

TEST(EventStream, SendsALineForEachEventAndEndsWithTheStream)
{
    const nodescope::testing::local_zone zone("UTC0");
    std::deque<std::optional<cadvisor::event>> script;
    for (const char* const name : {"/a", "", "/b"}) {
        if (*name == '\0') {
            script.emplace_back(std::nullopt);
            continue;
        }
        script.emplace_back(std::in_place)->container_name = name;
    }
    const http::reply answer = event_stream_reply(std::make_unique<scripted_stream>(std::move(script)));
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.content_type, "");
    EXPECT_EQ(run_task(answer.stream->next()),
              "{\"container_name\":\"/a\",\"timestamp\":\"1970-01-01T00:00:00Z\",\"event_type\":\"containerCreation\","
              "\"event_data\":{}}\n");
    EXPECT_EQ(run_task(answer.stream->next())->substr(0, 22), "{\"container_name\":\"/b\"");
    EXPECT_EQ(run_task(answer.stream->next()), std::nullopt);
}

}  // namespace
}  // namespace nodescope::api
