// Events: what is kept of them, what a reader of a stream gets, and what one costs that does not read.
#include "collectors/cadvisor/event_store.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/cadvisor/scripted_runtime.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <string>
#include <vector>

using namespace nodescope;
using namespace nodescope::cadvisor;
using namespace std::chrono_literals;
using nodescope::testing::run_task;
using nodescope::testing::run_until;

namespace {

cadvisor::event happening(std::string name, int second = 0,
                          cadvisor::event::kind type = cadvisor::event::kind::creation)
{
    cadvisor::event one;
    one.container_name = std::move(name);
    one.timestamp = time_point(std::chrono::seconds(second));
    one.type = type;
    return one;
}

event_filter creations(std::string path = "/")
{
    event_filter filter;
    filter.container_name = std::move(path);
    filter.subcontainers = true;
    filter.creation = true;
    return filter;
}

using next_event = result<std::optional<cadvisor::event>>;

class EventStream : public ::testing::Test {
protected:
    next_event next(event_stream& from, steady_clock::duration limit = 1min)
    {
        return run_task(reactor, from.next(deadline::in(limit)));
    }
    static std::string name(const next_event& got)
    {
        if (!got) return got.error().message();
        return *got ? (*got)->container_name : "nothing";
    }
    /// Begins a wait that `stop` ends.
    void wait_in_background(event_stream& from)
    {
        boost::asio::co_spawn(reactor, from.next(deadline::in(1min)),
                              boost::asio::bind_cancellation_slot(
                                  stop.slot(), [this](std::exception_ptr, next_event value) { got.emplace(value); }));
        reactor.restart();
        reactor.poll();
    }

    boost::asio::io_context reactor{1};
    event_store store{1000};
    boost::asio::cancellation_signal stop;
    std::optional<next_event> got;
};

}  // namespace

TEST_F(EventStream, GivesWhatItsFilterLetsThroughInOrder)
{
    store.add(happening("/a/before"));
    auto stream = store.watch(creations("/a"));
    ASSERT_TRUE(stream);
    store.add(happening("/a", 5));
    store.add(happening("/ab"));
    store.add(happening("/a/b", 3));
    store.add(happening("/a/c", 6, cadvisor::event::kind::deletion));
    store.remember(happening("/a/old"));
    EXPECT_EQ(name(next(**stream)), "/a");
    EXPECT_EQ(name(next(**stream)), "/a/b") << "as they are told, whatever their times";
    EXPECT_EQ(name(next(**stream, 1ms)), "nothing");
    EXPECT_EQ(store.history(creations()).size(), 5U) << "what is no news is history all the same";
}

TEST(EventStore, KeepsNoMoreOfAKindThanItsBytes)
{
    event_store store(100'000);
    store.add(happening("/oom", 0, cadvisor::event::kind::oom));
    const std::string long_name(1000, 'x');
    for (int second = 0; second < 5000; ++second) store.add(happening("/" + long_name, second));
    event_filter all = creations();
    all.oom = true;
    all.max_events = -1;
    const auto found = store.history(all);
    EXPECT_LT(found.size() * long_name.size(), event_store::kind_limit_bytes);
    EXPECT_GT(found.size(), 1000U);
    EXPECT_EQ(found.size() + store.left_out(), 5001U);
    EXPECT_EQ(found.front()->container_name, "/oom") << "of another kind";
    EXPECT_EQ(found.back()->timestamp, time_point(std::chrono::seconds(4999)));
}

TEST_F(EventStream, EndsWithTheBytesThatWaitForASlowReader)
{
    auto slow = store.watch(creations());
    const std::string long_name(4000, 'x');
    for (std::size_t i = 0; i < 100; ++i) store.add(happening("/" + long_name));
    std::size_t read = 0;
    for (; next(**slow); ++read) {
    }
    EXPECT_LT(read * long_name.size(), event_store::queue_limit_bytes);
    EXPECT_GT(read, 50U);
}

TEST_F(EventStream, EndsForTheSlowestWhereTooMuchWaitsForAllOfThem)
{
    constexpr std::size_t readers = 40;
    std::vector<std::unique_ptr<event_stream>> slow;
    for (std::size_t i = 0; i < readers; ++i) {
        slow.push_back(*store.watch(creations("/" + std::to_string(i))));
    }
    const std::string long_name(4000, 'x');
    constexpr std::size_t each = 40;
    static_assert(each * 4000 < event_store::queue_limit_bytes);
    static_assert(readers * each * 4000 > event_store::queues_limit_bytes);
    // The first one has one more than the others.
    store.add(happening("/0/" + long_name));
    for (std::size_t i = 0; i < readers; ++i) {
        for (std::size_t n = 0; n < each; ++n) store.add(happening("/" + std::to_string(i) + "/" + long_name));
    }
    EXPECT_EQ(next(*slow.front()).error().kind(), failure::overloaded);
    std::size_t read = 0;
    for (const auto& one : slow) {
        for (auto more = next(*one, 1ms); more && *more; more = next(*one, 1ms)) ++read;
    }
    EXPECT_LT(read * long_name.size(), event_store::queues_limit_bytes);
    EXPECT_GT(read * long_name.size(), event_store::queues_limit_bytes / 2);
}

TEST_F(EventStream, WakesWhoWaits)
{
    auto stream = store.watch(creations());
    wait_in_background(**stream);
    EXPECT_FALSE(got);
    store.add(happening("/elsewhere", 1, cadvisor::event::kind::deletion));
    reactor.poll();
    EXPECT_FALSE(got);
    store.add(happening("/now"));
    ASSERT_TRUE(run_until(reactor, [&] { return got.has_value(); }));
    EXPECT_EQ(name(*got), "/now");
}

TEST_F(EventStream, EndsWithWhoReadsTooSlowly)
{
    auto slow = store.watch(creations());
    auto quick = store.watch(creations());
    for (std::size_t i = 0; i <= event_store::queue_limit; ++i) {
        store.add(happening("/" + std::to_string(i)));
        ASSERT_EQ(name(next(**quick)), "/" + std::to_string(i));
    }
    for (std::size_t i = 0; i < event_store::queue_limit; ++i) ASSERT_EQ(name(next(**slow)), "/" + std::to_string(i));
    const auto end = next(**slow);
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().kind(), failure::overloaded);
    store.add(happening("/more"));
    EXPECT_EQ(next(**slow).error().kind(), failure::overloaded) << "what was lost stays lost";
    EXPECT_EQ(name(next(**quick)), "/more");
}

TEST_F(EventStream, EndsWhenItsCallerDoes)
{
    auto stream = store.watch(creations());
    wait_in_background(**stream);
    stop.emit(boost::asio::cancellation_type::terminal);
    ASSERT_TRUE(run_until(reactor, [&] { return got.has_value(); }));
    ASSERT_FALSE(*got);
    EXPECT_EQ(got->error().kind(), failure::cancelled);
}

TEST_F(EventStream, AreLimitedInNumber)
{
    std::vector<std::unique_ptr<event_stream>> open;
    for (std::size_t i = 0; i < event_store::stream_limit; ++i) open.push_back(*store.watch(creations()));
    EXPECT_EQ(store.streams(), event_store::stream_limit);
    const auto refused = store.watch(creations());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), failure::overloaded);
    open.pop_back();
    EXPECT_EQ(store.streams(), event_store::stream_limit - 1);
    EXPECT_TRUE(store.watch(creations()));
}

TEST_F(EventStream, MayOutliveItsStore)
{
    std::unique_ptr<event_stream> stream;
    {
        event_store shortlived{1000};
        stream = *shortlived.watch(creations());
        shortlived.add(happening("/last"));
    }
    EXPECT_EQ(name(next(*stream)), "/last");
    EXPECT_EQ(name(next(*stream, 1ms)), "nothing");
}

TEST(EventHistory, KeepsADayOfTheNewest)
{
    event_store store(10);
    for (const int hour : {0, 1, 2, 24, 25}) store.add(happening("/x", hour * 3600));
    event_filter all = creations();
    all.max_events = -1;
    const auto kept = store.history(all);
    ASSERT_EQ(kept.size(), 4U);
    EXPECT_EQ(kept.front()->timestamp, time_point(1h));
    all.start_time = time_point(2h);
    all.end_time = time_point(24h);
    EXPECT_EQ(store.history(all).size(), 2U) << "both bounds count";
    all.max_events = 0;
    EXPECT_TRUE(store.history(all).empty());
}

TEST(EventHistory, KeepsWhatHappenedOutOfOrderInOrder)
{
    event_store store(3);
    for (const int second : {5, 3, 9, 1}) store.add(happening("/x", second));
    const auto kept = store.history(creations());
    ASSERT_EQ(kept.size(), 3U);
    EXPECT_EQ(kept[0]->timestamp, time_point(3s)) << "the oldest goes, not the first to come";
    EXPECT_EQ(kept[2]->timestamp, time_point(9s));
}

TEST(EventStore, CountsPerKindBeforeTheFilterByContainer)
{
    event_store store(3);
    for (int second = 1; second <= 5; ++second) {
        cadvisor::event one;
        one.container_name = second % 2 == 0 ? "/a/b" : "/ab";
        one.timestamp = time_point(std::chrono::seconds(second));
        store.add(one);
    }
    event_filter filter;
    EXPECT_TRUE(store.history(filter).empty()) << "no kind asked for";
    filter.creation = true;
    filter.subcontainers = true;
    EXPECT_EQ(store.history(filter).size(), 3U) << "the limit of the store";
    filter.container_name = "/a";
    ASSERT_EQ(store.history(filter).size(), 1U);
    EXPECT_EQ(store.history(filter)[0]->timestamp, time_point(std::chrono::seconds(4)));
    filter.max_events = 1;
    EXPECT_TRUE(store.history(filter).empty()) << "the newest is another's";
}
