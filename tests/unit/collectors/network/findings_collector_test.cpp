// The reading of a network for the rules: in this program's own namespace.
#include "collectors/network/findings_collector.hpp"

#include "collectors/network/model_reading.hpp"
#include "tests/unit/collectors/questions/net_info_fixture.hpp"

#include <gtest/gtest.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

#include <unistd.h>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

constexpr unsigned all_inputs = ~0U;

/// The container's process is in this program's own network.
class FindingsCollector : public testing::net_info_fixture {
protected:
    result<findings::report> look(net_info_query whose, steady_clock::duration limit = 10s,
                                  steady_clock::duration interval = 1ms)
    {
        findings_query asked(std::move(whose), findings::severity::info);
        asked.interval = interval;
        return testing::run_task(reactor_, findings_->collect(std::move(asked), deadline::in(limit)));
    }

    /// Its files are this program's, and it has no resolv.conf.
    void link_counters() const
    {
        root_.link("/proc/" + std::to_string(testing::container_pid) + "/root", root_.path());
        for (const std::string name : {"snmp", "netstat"}) {
            root_.link("/proc/" + std::to_string(testing::container_pid) + "/net/" + name, "/proc/self/net/" + name);
        }
    }

    std::unique_ptr<findings_collector> findings_ =
        findings_collector::make(containers_, pool_, {root_.path(), 5s, 5s, 1U << 20U}, {"link-down"}, log_).value();
};

TEST_F(FindingsCollector, AsksAllRulesButThoseThatAreOff)
{
    link_counters();
    const auto made = look(by_id());
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ(made->checked.size() + made->not_checked.size(), findings::all_rules().size());
    // The node's cgroups are not in the root of this test.
    std::vector<std::string_view> left_out;
    for (const auto& [name, why] : made->not_checked) left_out.push_back(name);
    EXPECT_EQ(left_out, (std::vector<std::string_view>{"link-down", "hung-tasks", "loopback-only-listener",
                                                       "runtime-disagrees"}));
    EXPECT_EQ(made->notes.size(), 0U);
    // What is wrong with the machine's own network is the container's here, as it is not known to be the node's.
    for (const findings::finding& one : made->findings) {
        ASSERT_TRUE(one.about.container);
        EXPECT_EQ(one.about.container->id, testing::id);
    }
}

/// A runtime that says what a test wants, or nothing at all.
class told_words final : public network_words_source {
public:
    [[nodiscard]] bool speaks_for(std::string_view) const noexcept override { return true; }
    task<result<network_words>> words_about(container_reference, deadline limit) override
    {
        given = limit.limit();
        if (words) co_return *words;
        boost::asio::steady_timer silence(co_await boost::asio::this_coro::executor);
        silence.expires_after(limit.remaining());
        co_await silence.async_wait(boost::asio::use_awaitable);
        co_return error(failure::timed_out, "silent");
    }
    std::optional<network_words> words;
    std::optional<steady_clock::duration> given;
};

TEST_F(FindingsCollector, ComparesWithWhatTheRuntimeSays)
{
    link_counters();
    told_words runtime;
    runtime.words.emplace();
    runtime.words->runtime = "docker";
    runtime.words->pid = testing::container_pid;
    runtime.words->addresses = {{"bridge", "192.0.2.77", 24, ""}};
    runtime.words->tcp_ports = {1};
    findings_->use(runtime);
    const auto spoken = [](const findings::report& of, std::string_view rule) {
        return std::ranges::count(of.findings, rule, &findings::finding::rule);
    };
    const auto made = look(by_id());
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ(spoken(*made, "runtime-disagrees"), 1);
    EXPECT_EQ(spoken(*made, "loopback-only-listener"), 1);
    // It was started again meanwhile.
    runtime.words->pid = testing::container_pid + 1;
    const auto other = look(by_id());
    ASSERT_TRUE(other) << other.error();
    EXPECT_EQ(spoken(*other, "runtime-disagrees"), 0);
    EXPECT_EQ(other->not_checked.back().first, "runtime-disagrees");
}

TEST_F(FindingsCollector, ARuntimeThatIsSilentCostsItsOwnRulesAlone)
{
    link_counters();
    told_words runtime;
    findings_->use(runtime);
    const auto made = look(by_id());
    ASSERT_TRUE(made) << made.error();
    ASSERT_TRUE(runtime.given);
    EXPECT_LE(*runtime.given, 1s);
    for (const auto& [name, why] : made->not_checked) {
        if (name == "runtime-disagrees" || name == "loopback-only-listener") {
            EXPECT_EQ(why, "silent") << name;
        }
    }
    EXPECT_TRUE(std::ranges::find(made->checked, "no-carrier") != made->checked.end());
}

TEST_F(FindingsCollector, SaysWhyNothingCouldBeRead)
{
    EXPECT_EQ(look(net_info_query(4194303)).error().kind(), failure::gone);
    EXPECT_EQ(look(by_id(), 0s).error().kind(), failure::timed_out);
    EXPECT_EQ(look(by_id(), 0s, 0s).error().kind(), failure::timed_out);
}

TEST_F(FindingsCollector, ComparesOnlyWhatIsASecondOld)
{
    link_counters();
    for (int i = 0; i < 2; ++i) {
        const auto made = look(by_id(), 10s, 0s);
        ASSERT_TRUE(made) << made.error();
        const auto has = [&](std::string_view name) {
            return std::ranges::any_of(made->not_checked, [&](const auto& one) { return one.first == name; });
        };
        EXPECT_TRUE(has("retransmits"));
        EXPECT_TRUE(has("drops"));
        EXPECT_EQ(made->notes.size(), 3U);
    }
}

TEST_F(FindingsCollector, WithoutCountersTheOtherRulesAreAsked)
{
    const auto made = look(by_id(), 10s, 8s);
    ASSERT_TRUE(made) << made.error();
    const auto why = std::ranges::find(made->not_checked, "drops", &std::pair<std::string_view, std::string>::first);
    ASSERT_NE(why, made->not_checked.end());
    EXPECT_EQ(why->second, "read net/snmp: No such file or directory");
    EXPECT_TRUE(std::ranges::find(made->checked, "no-carrier") != made->checked.end());
}

TEST_F(FindingsCollector, AContainerThatDoesNotRun)
{
    docker_.states = {testing::container_with("exited", 0)};
    EXPECT_EQ(look(by_id()).error().kind(), failure::conflict);
}

TEST(ModelReading, ReadsWhatThereIsAndStopsWhenNobodyWaits)
{
    const auto home = netlink::net_namespace::of_this_thread();
    ASSERT_TRUE(home) << home.error();
    const opened_namespace where(host::process_handle::open("/", ::getpid()).value(), *home);
    abandon_flag abandoned;
    const known_surroundings known;
    part_source source(*home, where, known, "/", 1U << 20U, deadline::in(10s), abandoned);
    const auto model = blocking_read_model(source, all_inputs, {});
    ASSERT_TRUE(model) << model.error();
    ASSERT_EQ(model->sides.items.size(), 1U);
    EXPECT_TRUE(model->sides.items[0].is_here);
    EXPECT_EQ(model->netns, home->identity().inode);
    EXPECT_FALSE(model->is_node);
    ASSERT_FALSE(model->links.items.empty());
    EXPECT_EQ(model->links.items[0].name, "lo");
    EXPECT_GE(model->rules.items.size(), 3U);
    for (const std::string* const missing :
         {&model->links.missing, &model->addresses.missing, &model->routes.missing, &model->rules.missing,
          &model->neighbours.missing, &model->ends.missing, &model->sides.missing, &model->filters.missing,
          &model->tcp.missing, &model->conntrack.missing, &model->counters.missing}) {
        EXPECT_EQ(*missing, "");
    }
    EXPECT_NE(model->tcp.last_port, 0);
    EXPECT_EQ(model->counters.now.links.size(), model->links.items.size());
    EXPECT_FALSE(model->counters.before);
    EXPECT_NE(model->tasks.missing, "");

    // What no rule needs is not read.
    const auto nothing = blocking_read_model(source, 0, {});
    ASSERT_TRUE(nothing) << nothing.error();
    EXPECT_TRUE(nothing->links.items.empty());
    EXPECT_TRUE(nothing->rules.items.empty());
    EXPECT_TRUE(nothing->sides.items.empty() && nothing->filters.items.empty());
    EXPECT_EQ(nothing->tcp.last_port, 0);
    EXPECT_EQ(nothing->tasks.missing, "");
    EXPECT_FALSE(nothing->conntrack.statistics);

    part_source late(*home, where, known, "/", 1U << 20U, deadline::in(0s), abandoned);
    EXPECT_EQ(blocking_read_model(late, all_inputs, {}).error().kind(), failure::timed_out);
    abandoned.raise();
    EXPECT_EQ(blocking_read_model(source, all_inputs, {}).error().kind(), failure::cancelled);
}

}  // namespace
}  // namespace nodescope
