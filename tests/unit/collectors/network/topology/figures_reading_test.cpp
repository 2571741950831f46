// Which namespaces are read, and how what is missing is counted; the figures are held against /proc by the integration
// tests.
#include "collectors/network/topology/figures_reading.hpp"

#include "tests/support/namespace_child.hpp"

#include <gtest/gtest.h>

#include <sys/types.h>
#include <chrono>
#include <string>

namespace nodescope {
namespace {

using netlink::net_namespace;
using testing::namespace_child;

class FiguresReading : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!namespace_child::is_possible()) GTEST_SKIP() << "making network namespaces needs root";
    }
    static net_namespace network_of(const namespace_child& child)
    {
        return *net_namespace::of_process(child.proc_directory().get());
    }
    [[nodiscard]] figures_reader reader(std::size_t most,
                                        std::chrono::milliseconds patience = std::chrono::seconds(20)) const
    {
        return {home_, root_, most, deadline::in(patience), abandoned_};
    }

    const net_namespace home_ = *net_namespace::of_this_thread();
    const std::string root_ = "/";
    abandon_flag abandoned_;
};

TEST_F(FiguresReading, ReadsEachNamespaceOnce)
{
    const namespace_child one;
    const namespace_child other;
    figures_reader all = reader(10);
    for (const namespace_child* child : {&one, &other, &one}) all.read(network_of(*child), child->pid(), 0);
    const wired_figures found = all.take();
    ASSERT_EQ(found.by_netns.size(), 2U);
    EXPECT_EQ(found.unread, 0U);
    EXPECT_EQ(found.left_out, 0U);
    const auto& figures = found.by_netns.at(network_of(one).identity().inode);
    EXPECT_EQ(figures.tcp_retransmitted_segments, std::optional<std::uint64_t>(0));
    EXPECT_EQ(figures.tcp_sockets, std::optional<std::uint64_t>(0));
}

TEST_F(FiguresReading, KeepsToItsNumberAndCountsTheRest)
{
    const namespace_child children[3];
    figures_reader all = reader(2);
    for (const namespace_child& child : children) all.read(network_of(child), child.pid(), 0);
    all.read(network_of(children[2]), children[2].pid(), 0);
    const wired_figures found = all.take();
    EXPECT_EQ(found.by_netns.size(), 2U);
    EXPECT_EQ(found.left_out, 1U);
    EXPECT_EQ(found.unread, 0U);
}

TEST_F(FiguresReading, ReadsNothingWhereNobodyWantsIt)
{
    const namespace_child child;
    figures_reader none = reader(0);
    none.read(network_of(child), child.pid(), 0);
    none.read_node(home_);
    none.skip(7);
    const wired_figures found = none.take();
    EXPECT_TRUE(found.by_netns.empty());
    EXPECT_EQ(found.unread + found.left_out, 0U);
}

TEST_F(FiguresReading, WhatHasEndedIsNotMissing)
{
    const namespace_child living;
    const namespace_child dying;
    const net_namespace gone = network_of(dying);
    dying.kill_without_reaping();
    figures_reader all = reader(10);
    all.read(gone, dying.pid(), 0);
    // Another process by now, and one that is in another network.
    all.read(network_of(living), living.pid(), 1);
    figures_reader elsewhere = reader(10);
    elsewhere.read(home_, living.pid(), 0);
    for (figures_reader* one : {&all, &elsewhere}) {
        const wired_figures found = one->take();
        EXPECT_TRUE(found.by_netns.empty());
        EXPECT_EQ(found.unread, 0U);
    }
}

TEST_F(FiguresReading, WhatThereWasNoTimeForIsMissing)
{
    const namespace_child child;
    figures_reader late = reader(10, std::chrono::milliseconds(0));
    late.read(network_of(child), child.pid(), 0);
    late.skip(2);
    const wired_figures found = late.take();
    EXPECT_TRUE(found.by_netns.empty());
    EXPECT_EQ(found.unread, 3U);
}

TEST_F(FiguresReading, TheNodesAreReadThroughThisProcessIfNeedBe)
{
    figures_reader all = reader(10);
    all.read_node(home_);
    const wired_figures found = all.take();
    EXPECT_TRUE(found.by_netns.contains(home_.identity().inode));
}

}  // namespace
}  // namespace nodescope
