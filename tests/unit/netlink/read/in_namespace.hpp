// What tests of readers share: a network namespace with a loopback that is up.
#pragma once

#include "core/deadline.hpp"
#include "core/worker_pool.hpp"
#include "netlink/net_namespace.hpp"
#include "tests/support/namespace_child.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace nodescope::testing {

class in_namespace : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!namespace_child::is_possible()) GTEST_SKIP() << "making network namespaces needs root";
        child_ = std::make_unique<namespace_child>();
        process_ = child_->proc_directory();
        home_.emplace(*netlink::net_namespace::of_this_thread());
        target_.emplace(*netlink::net_namespace::of_process(process_.get()));
        run("ip link set lo up");
    }
    void run(const std::string& command) const
    {
        ASSERT_EQ(std::system(fmt::format("nsenter -t {} -n sh -c '{}'", child_->pid(), command).c_str()), 0);
    }
    /// What `action` makes there.
    template <class Action>
    auto there(Action action) const
    {
        return netlink::run_in(*home_, *target_, [&]() -> result<decltype(action())> { return action(); }).value();
    }

    std::unique_ptr<namespace_child> child_;
    unique_fd process_;
    std::optional<netlink::net_namespace> home_;
    std::optional<netlink::net_namespace> target_;
    deadline limit_ = deadline::in(std::chrono::seconds(10));
    abandon_flag abandoned_;
};

}  // namespace nodescope::testing
