// What is kept of containers: samples, summaries (cadvisor-v2.md §8), events (§10), and how they are found (§3).
#include "collectors/cadvisor/event_store.hpp"
#include "collectors/cadvisor/go_quoted.hpp"
#include "collectors/cadvisor/lookup.hpp"
#include "collectors/cadvisor/oom_messages.hpp"
#include "collectors/cadvisor/sample_ring.hpp"
#include "collectors/cadvisor/summary.hpp"

#include <gtest/gtest.h>

using namespace nodescope;
using namespace nodescope::cadvisor;
using std::chrono::seconds;

namespace {

const std::string id_a(64, 'a');
const std::string id_b = "ab" + std::string(62, 'c');

sample at(int second, std::uint64_t total)
{
    sample one;
    one.timestamp = time_point(seconds(second));
    host::cpu_usage cpu;
    cpu.total = total;
    one.cpu = std::make_shared<const host::cpu_usage>(cpu);
    return one;
}

query by_docker(std::string name, bool recursive = false)
{
    query asked;
    asked.type = query::naming::by_docker;
    asked.name = std::move(name);
    asked.recursive = recursive;
    return asked;
}

std::string text_of(const query& asked)
{
    const std::vector<container_names> all{
        {"/", {}, {}}, {"/docker", {}, {}}, {"/docker/a", "web", id_a}, {"/docker/b", "wob", id_b}};
    const auto found = choose_containers(all, asked);
    if (!found) return found.error().message();
    std::string indices;
    for (const std::size_t index : *found) indices += std::to_string(index);
    return indices;
}

query by_path(std::string name, bool recursive = false)
{
    query asked;
    asked.name = std::move(name);
    asked.recursive = recursive;
    return asked;
}

}  // namespace

TEST(SampleRing, KeepsTwoMinutesAndSharesWhatDidNotChange)
{
    sample_ring ring;
    for (int second = 0; second <= 200; ++second) ring.add(at(second, 7));
    EXPECT_EQ(ring.size(), 121U);
    const auto two = ring.newest(2);
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[0].timestamp, time_point(seconds(199)));
    EXPECT_EQ(two[0].cpu, two[1].cpu);
    ring.add(at(200, 9));
    EXPECT_EQ(ring.last()->cpu->total, 7U) << "not newer, so not taken";
    EXPECT_EQ(ring.newest(0).size(), 0U);
    EXPECT_EQ(ring.newest(-1).size(), 121U);
}

TEST(SampleRing, BeginsAnewWhenTheClockWasSetBack)
{
    sample_ring ring;
    EXPECT_TRUE(ring.add(at(7200, 5)));
    EXPECT_FALSE(ring.add(at(7199, 6))) << "overtaken by one that began later";
    EXPECT_TRUE(ring.add(at(3600, 7)));
    EXPECT_TRUE(ring.add(at(3601, 8)));
    ASSERT_EQ(ring.size(), 2U);
    EXPECT_EQ(ring.last()->cpu->total, 8U);
}

TEST(Summary, GoesOnWhenTheClockWasSetBack)
{
    summary_keeper keeper;
    keeper.add(time_point(seconds(7200)), 0, 100);
    for (int second = 0; second <= 61; ++second) {
        keeper.add(time_point(seconds(second)), static_cast<std::uint64_t>(second) * 1'000'000'000, 200);
    }
    EXPECT_EQ(keeper.current().minute.percent_complete, 100);
    EXPECT_EQ(keeper.current().minute.memory.max, 200U);
    EXPECT_EQ(keeper.current().minute.cpu.mean, 1000U);
}

TEST(Percentile, FollowsTheContract)
{
    EXPECT_EQ(percentile_of({}, 0.5), 0U);
    EXPECT_EQ(percentile_of({4}, 0.95), 4U);
    EXPECT_EQ(percentile_of({1, 100}, 0.5), 1U) << "no interpolation at i = 1";
    EXPECT_EQ(percentile_of({10, 20, 40, 80}, 0.5), 30U);
    EXPECT_EQ(percentile_of({10, 20, 40, 80}, 0.9), 80U);
}

TEST(Summary, MakesAMinuteOfMoreThanSixtySeconds)
{
    summary_keeper keeper;
    for (int second = 0; second <= 60; ++second) {
        keeper.add(time_point(seconds(second)), static_cast<std::uint64_t>(second) * 500'000'000, 100);
    }
    EXPECT_FALSE(keeper.current().minute.cpu.present);
    EXPECT_EQ(keeper.current().latest_cpu, 500U);
    keeper.add(time_point(seconds(61)), 61ULL * 500'000'000, 162);
    const usage_summary& now = keeper.current();
    EXPECT_EQ(now.minute.percent_complete, 100);
    EXPECT_EQ(now.minute.cpu.count, 61U);
    EXPECT_EQ(now.minute.memory.count, 62U) << "one more than there are rates";
    EXPECT_EQ(now.minute.cpu.mean, 500U);
    EXPECT_EQ(now.minute.memory.mean, 101U);
    EXPECT_EQ(now.minute.memory.max, 162U);
    EXPECT_EQ(now.hour.percent_complete, 1);
    EXPECT_EQ(now.day.percent_complete, 0);
    EXPECT_EQ(now.hour.memory.ninety, 100U);
    keeper.add(time_point(seconds(62)), 0, 5);
    EXPECT_EQ(keeper.current().latest_cpu, 0U) << "a counter that went down";
}

TEST(Lookup, FindsByPathAndByDocker)
{
    EXPECT_EQ(text_of(by_path("/")), "0");
    EXPECT_EQ(text_of(by_path("/docker/")), "1");
    EXPECT_EQ(text_of(by_path("/doc", true)), "123");
    EXPECT_EQ(text_of(by_docker("/web")), "2");
    EXPECT_EQ(text_of(by_docker(id_b)), "3");
    EXPECT_EQ(text_of(by_docker("we")), "2");
    EXPECT_EQ(text_of(by_docker("ab")), "3");
    EXPECT_EQ(text_of(by_docker("/", true)), "23");
}

TEST(Lookup, SaysWhatCadvisorSays)
{
    EXPECT_EQ(text_of(by_path("/nope")), "unknown container \"/nope\"");
    EXPECT_EQ(text_of(by_path("/nope", true)), "unknown container: \"/nope\"");
    EXPECT_EQ(text_of(by_docker("nope")), "unable to find Docker container \"nope\"");
    EXPECT_EQ(text_of(by_docker("w")), "unable to find container. Container \"w\" is not unique");
    EXPECT_EQ(text_of(by_docker("")), "unable to find container. Container \"\" is not unique");
    EXPECT_EQ(text_of(by_docker("/c1", true)), "invalid request for docker container \"/c1\" with subcontainers");
    EXPECT_EQ(text_of(by_path("/a\"\n")), "unknown container \"/a\\\"\\n\"");
}

TEST(EventStore, CountsPerKindBeforeTheFilterByContainer)
{
    event_store store(3);
    for (int second = 1; second <= 5; ++second) {
        event one;
        one.container_name = second % 2 == 0 ? "/a/b" : "/ab";
        one.timestamp = time_point(seconds(second));
        store.add(one);
    }
    event_filter filter;
    EXPECT_TRUE(store.history(filter).empty()) << "no kind asked for";
    filter.creation = true;
    filter.subcontainers = true;
    EXPECT_EQ(store.history(filter).size(), 3U) << "the limit of the store";
    filter.container_name = "/a";
    ASSERT_EQ(store.history(filter).size(), 1U);
    EXPECT_EQ(store.history(filter)[0].timestamp, time_point(seconds(4)));
    filter.max_events = 1;
    EXPECT_TRUE(store.history(filter).empty()) << "the newest is another's";
}

TEST(OutOfMemory, ReadsWhatLinuxWrites)
{
    oom_parser parser;
    const auto first = parse_kernel_message("4,1,5000000,-;tail invoked oom-killer: gfp_mask=0xcc0\n SUBSYSTEM=x\n");
    ASSERT_TRUE(first);
    EXPECT_FALSE(parser.take(*first));
    const auto second = parse_kernel_message(
        "6,2,5000100,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
        "oom_memcg=/docker/x,task_memcg=/docker/x/y,task=ta,pid=1,il,pid=3372,uid=0\n");
    ASSERT_TRUE(second);
    const auto kill = parser.take(*second);
    ASSERT_TRUE(kill);
    EXPECT_EQ(kill->limit_cgroup, "/docker/x");
    EXPECT_EQ(kill->victim_cgroup, "/docker/x/y");
    EXPECT_EQ(kill->process_name, "ta,pid=1,il");
    EXPECT_EQ(kill->pid, 3372);
    EXPECT_EQ(kill->constraint, "CONSTRAINT_MEMCG");
    EXPECT_FALSE(parser.take(*second)) << "one opening, one kill";
}

TEST(OutOfMemory, TakesNothingFromProgramsOrPieces)
{
    EXPECT_FALSE(parse_kernel_message("12,1,5,-;x invoked oom-killer:\n")) << "facility 1: a program wrote it";
    const std::string whole = "4,1,5,-;t";
    for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
        EXPECT_FALSE(parse_kernel_message(whole.substr(0, length))) << length;
    }
}

TEST(GoQuoted, EscapesWhatIsNotPrintable)
{
    EXPECT_EQ(go_quoted(""), R"("")");
    EXPECT_EQ(go_quoted("v9.9"), R"("v9.9")");
    EXPECT_EQ(go_quoted("a\"b\\c\n\x1b\xff"), R"("a\"b\\c\n\x1b\xff")");
    EXPECT_EQ(go_quoted("gr\xc3\xbcn\xe2\x80\xae"), "\"gr\xc3\xbcn\\u202e\"");
}
