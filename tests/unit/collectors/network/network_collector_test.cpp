// The reading of a network's parts in one job: what fails, hangs or is left.
#include "collectors/network/network_collector.hpp"

#include "tests/support/run_until.hpp"
#include "tests/unit/collectors/questions/net_info_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

std::atomic<int> hanging_now{0};
std::atomic<int> read_behind{0};

result<part_text> blocking_good(part_source&)
{
    return whole_part(7, [](json_writer& json, int one) { json.value(one); });
}
result<part_text> blocking_bad(part_source&) { return error(failure::denied, "bad: no"); }
/// As long as somebody waits for it.
result<part_text> blocking_hanging(part_source& source)
{
    ++hanging_now;
    while (!source.abandoned.raised()) std::this_thread::yield();
    --hanging_now;
    return error(failure::cancelled, "hanging: nobody waits");
}
result<part_text> blocking_behind(part_source&)
{
    ++read_behind;
    return part_text();
}

std::mutex threads_mutex;
std::vector<std::thread::id> threads;
result<part_text> blocking_thread(part_source&)
{
    const std::lock_guard lock(threads_mutex);
    threads.push_back(std::this_thread::get_id());
    return part_text();
}

constexpr network_part thread_of_kernel{"thread_of_kernel", blocking_thread};
constexpr network_part thread_of_files{.name = "thread_of_files", .blocking_read = blocking_thread, .can_hang = true};
constexpr network_part good{"good", blocking_good};
constexpr network_part bad{"bad", blocking_bad};
constexpr network_part hanging{"hanging", blocking_hanging};
constexpr network_part behind{"behind", blocking_behind};
constexpr network_part hanging_file{.name = "hanging_file", .blocking_read = blocking_hanging, .can_hang = true};
constexpr network_part again{"again", blocking_good};

/// The container's process is in this program's own network.
class NetworkCollector : public testing::net_info_fixture {
protected:
    result<network_reading> read(std::vector<const network_part*> parts, steady_clock::duration limit,
                                 net_info_query whose = by_id())
    {
        network_query query(std::move(whose), std::move(parts));
        return testing::run_task(reactor_, networks_->collect(std::move(query), deadline::in(limit)));
    }

    std::unique_ptr<network_collector> networks_ =
        network_collector::make(containers_, pool_, {root_.path(), 5s, 5s, 1U << 20U}, log_).value();
};

TEST_F(NetworkCollector, APartThatFailsCostsNoOther)
{
    const auto found = read({&good, &bad, &again}, 10s);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->pid, testing::container_pid);
    ASSERT_EQ(found->parts.size(), 3U);
    EXPECT_EQ(found->parts[0].text->json, "7");
    EXPECT_EQ(found->parts[1].text.error(), error(failure::denied, "bad: no"));
    EXPECT_EQ(found->parts[2].text->json, "7");
    ASSERT_TRUE(found->owner);
    EXPECT_EQ(found->owner->what.id, testing::id);
    EXPECT_FALSE(found->host_network);
}

TEST_F(NetworkCollector, AFileThatHangsCostsNoOtherPart)
{
    const auto found = read({&good, &hanging_file, &again}, 100ms);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->parts[0].text->json, "7");
    ASSERT_FALSE(found->parts[1].text);
    EXPECT_EQ(found->parts[1].text.error().kind(), failure::timed_out);
    EXPECT_THAT(found->parts[1].text.error().message(), ::testing::HasSubstr("files of a container"));
    EXPECT_EQ(found->parts[2].text->json, "7");
}

TEST_F(NetworkCollector, AKnownContainerIsReadInOneJob)
{
    for (const bool known : {false, true}) {
        threads.clear();
        const auto found = read({&thread_of_files, &thread_of_kernel}, 10s);
        ASSERT_TRUE(found) << found.error();
        EXPECT_EQ(found->pid, testing::container_pid);
        ASSERT_TRUE(found->owner);
        EXPECT_EQ(found->owner->what.id, testing::id);
        ASSERT_EQ(threads.size(), 2U);
        EXPECT_EQ(threads[0] == threads[1], known);
    }
}

TEST_F(NetworkCollector, AFileThatHangsCostsAKnownContainerNoOtherPart)
{
    ASSERT_TRUE(read({&good}, 10s));
    // The second is not read in one job, for the first hangs still.
    for (int i = 0; i < 2; ++i) {
        const auto found = read({&good, &hanging_file, &bad, &again}, 100ms);
        ASSERT_TRUE(found) << found.error();
        EXPECT_EQ(found->parts[0].text->json, "7");
        EXPECT_EQ(found->parts[1].text.error().kind(), failure::timed_out);
        EXPECT_THAT(found->parts[1].text.error().message(), ::testing::HasSubstr("files of a container"));
        EXPECT_EQ(found->parts[2].text.error(), error(failure::denied, "bad: no"));
        EXPECT_EQ(found->parts[3].text->json, "7");
    }
}

TEST_F(NetworkCollector, AKnownContainerThatHasEnded)
{
    ASSERT_TRUE(read({&good}, 10s));
    docker_.states = {testing::container_with("exited", 0)};
    std::filesystem::remove_all(root_.path() + "/proc/" + std::to_string(testing::container_pid));
    const auto found = read({&good}, 5s);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), failure::conflict);
}

TEST_F(NetworkCollector, APartThatHangsCostsThoseBehindIt)
{
    read_behind = 0;
    const auto found = read({&good, &hanging, &behind}, 300ms);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->parts[0].text->json, "7");
    for (const std::size_t late : {1U, 2U}) {
        ASSERT_FALSE(found->parts[late].text);
        EXPECT_EQ(found->parts[late].text.error().kind(), failure::timed_out);
    }
    while (hanging_now > 0) std::this_thread::yield();
    // It was told to stop before it came to the last one.
    EXPECT_EQ(read_behind, 0);
}

TEST_F(NetworkCollector, RealPartsOfAnOwnNetwork)
{
    std::vector<const network_part*> all;
    // The others read files of the process, which are not there below this root.
    for (const char* const name :
         {"addr", "route", "route6", "rule", "rule6", "neigh", "nexthop", "fdb", "peers", "qdisc", "sockets_all"}) {
        all.push_back(find_network_part(name));
    }
    const auto found = read(all, 10s);
    ASSERT_TRUE(found) << found.error();
    for (const auto& part : found->parts) {
        EXPECT_TRUE(part.text) << part.which->name;
        if (!part.text) continue;
        EXPECT_TRUE(part.text->json.starts_with('[') && part.text->json.ends_with(']'));
    }
}

TEST_F(NetworkCollector, AProcessThatIsNotThere)
{
    const auto found = read({&good}, 5s, net_info_query(4194303));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), failure::gone);
}

TEST_F(NetworkCollector, AContainerThatDoesNotRun)
{
    docker_.states = {testing::container_with("exited", 0)};
    const auto found = read({&good}, 5s);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), failure::conflict);
}

TEST_F(NetworkCollector, NoMoreThanTwoAtOnceAndALimitedQueue)
{
    std::array<std::optional<result<network_reading>>, 2> found;
    for (auto& one : found) {
        network_query query(by_id(), {&hanging});
        boost::asio::co_spawn(reactor_,
                              testing::keep_result(networks_->collect(std::move(query), deadline::in(2s)), one),
                              boost::asio::detached);
    }
    ASSERT_TRUE(testing::run_until(reactor_, [] { return hanging_now == 2; }));
    // A slot that is waited for in vain is a failure of each part.
    const auto third = read({&hanging}, 100ms);
    ASSERT_TRUE(third) << third.error();
    ASSERT_FALSE(third->parts[0].text);
    EXPECT_EQ(third->parts[0].text.error().kind(), failure::timed_out);
    EXPECT_THAT(third->parts[0].text.error().message(), ::testing::HasSubstr("all 2 places busy"));
    ASSERT_TRUE(testing::run_until(reactor_, [&] { return found[0] && found[1]; }));
    for (const auto& one : found) EXPECT_EQ((**one).parts[0].text.error().kind(), failure::timed_out);
}

}  // namespace
}  // namespace nodescope
