#include "collectors/runtime/runtime.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace nodescope {
namespace {

class counting_runtime final : public runtime {
public:
    mutable int looks = 0;
    bool there = false;

    [[nodiscard]] std::string_view name() const noexcept override { return "counting"; }
    [[nodiscard]] bool answers_to(reference_scheme) const noexcept override { return false; }
    [[nodiscard]] bool is_there() const override
    {
        ++looks;
        return there;
    }
    task<result<container>> inspect(container_reference, deadline) override { co_return nothing(); }
    task<result<container>> find_pod_container(std::string, std::string, std::string, deadline) override
    {
        co_return nothing();
    }
    task<result<runtime_facts>> facts(deadline) override { co_return nothing(); }
    task<result<std::string>> storage_root(deadline) override { co_return nothing(); }
    void drop_idle() override {}

private:
    static error nothing() { return error(failure::unavailable, "nothing is asked here"); }
};

TEST(Runtime, IsLookedForOnceForManyWhoAsk)
{
    counting_runtime one;
    const auto began = steady_clock::now();
    int asked = 0;
    for (; steady_clock::now() - began < std::chrono::milliseconds(30); ++asked) EXPECT_FALSE(one.present());
    EXPECT_GE(asked, 1);
    EXPECT_LT(one.looks, 3) << asked << " questions";
}

TEST(Runtime, IsSeenSoonAfterItWasStarted)
{
    counting_runtime one;
    EXPECT_FALSE(one.present());
    one.there = true;
    while (!one.present()) std::this_thread::yield();
    EXPECT_EQ(one.looks, 2);
}

}  // namespace
}  // namespace nodescope
