// The reading of a network for the rules: in this program's own namespace.
#include "collectors/network/findings_collector.hpp"

#include "collectors/network/model_reading.hpp"
#include "tests/unit/collectors/questions/net_info_fixture.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

constexpr unsigned all_inputs = ~0U;

/// The container's process is in this program's own network.
class FindingsCollector : public testing::net_info_fixture {
protected:
    result<findings::report> look(net_info_query whose, steady_clock::duration limit = 10s)
    {
        return testing::run_task(
            reactor_,
            findings_->collect(findings_query(std::move(whose), findings::severity::info), deadline::in(limit)));
    }

    std::unique_ptr<findings_collector> findings_ =
        findings_collector::make(containers_, pool_, {root_.path(), 5s, 5s, 1U << 20U}, {"link-down"}, log_).value();
};

TEST_F(FindingsCollector, AsksAllRulesButThoseThatAreOff)
{
    const auto made = look(by_id());
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ(made->checked.size() + made->not_checked.size(), findings::all_rules().size());
    // The root of this test has no /proc/PID/net, where the tables of packet filters are listed.
    std::vector<std::string_view> left_out;
    for (const auto& [name, why] : made->not_checked) left_out.push_back(name);
    EXPECT_EQ(left_out, (std::vector<std::string_view>{"link-down", "forward-policy-drop", "bridge-nf-off",
                                                       "two-iptables-backends"}));
    // What is wrong with the machine's own network is the container's here, as it is not known to be the node's.
    for (const findings::finding& one : made->findings) {
        ASSERT_TRUE(one.about.container);
        EXPECT_EQ(one.about.container->id, testing::id);
    }
}

TEST_F(FindingsCollector, SaysWhyNothingCouldBeRead)
{
    EXPECT_EQ(look(net_info_query(4194303)).error().kind(), failure::gone);
    EXPECT_EQ(look(by_id(), 0s).error().kind(), failure::timed_out);
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
    const auto model = blocking_read_model(source, all_inputs);
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
          &model->neighbours.missing, &model->ends.missing, &model->sides.missing, &model->filters.missing}) {
        EXPECT_EQ(*missing, "");
    }
    // What no rule needs is not read.
    const auto less = blocking_read_model(source, findings::links_input);
    ASSERT_TRUE(less) << less.error();
    EXPECT_TRUE(less->sides.items.empty() && less->filters.items.empty());
    part_source late(*home, where, known, "/", 1U << 20U, deadline::in(0s), abandoned);
    EXPECT_EQ(blocking_read_model(late, all_inputs).error().kind(), failure::timed_out);
    abandoned.raise();
    EXPECT_EQ(blocking_read_model(source, all_inputs).error().kind(), failure::cancelled);
}

}  // namespace
}  // namespace nodescope
