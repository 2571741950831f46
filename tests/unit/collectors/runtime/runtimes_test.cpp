// Which runtime a reference goes to.
#include "collectors/runtime/runtimes.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace nodescope;
using nodescope::testing::run_task;
using names = std::vector<std::string>;

namespace {

const auto long_enough = deadline::in(std::chrono::hours(1));

/// Has one container, or says the same of all.
class fake_runtime final : public runtime {
public:
    fake_runtime(std::string name, reference_scheme scheme, names& asked)
        : name_(std::move(name)), scheme_(scheme), asked_(asked)
    {
    }
    result<container> answer = error(failure::gone, "none here");

    task<result<container>> inspect(container_reference id, deadline) override
    {
        asked_.push_back(name_ + " for " + id.text());
        co_return answer;
    }
    task<result<container>> find_pod_container(std::string pod_namespace, std::string pod_name, std::string which,
                                               deadline) override
    {
        asked_.push_back(name_ + " for " + pod_namespace + "/" + pod_name + "/" + which);
        co_return answer;
    }
    task<result<runtime_facts>> facts(deadline) override { co_return error(); }
    task<result<std::string>> storage_root(deadline) override { co_return error(); }
    [[nodiscard]] std::string_view name() const noexcept override { return name_; }
    [[nodiscard]] bool answers_to(reference_scheme scheme) const noexcept override { return scheme == scheme_; }
    void drop_idle() override {}

    void has(const std::string& name, const std::string& id = {})
    {
        container one;
        one.name = name;
        one.id = id;
        answer = one;
    }

private:
    const std::string name_;
    const reference_scheme scheme_;
    names& asked_;
};

class Runtimes : public ::testing::Test {
protected:
    result<container> inspect(const std::string& text)
    {
        asked.clear();
        return run_task(both.inspect(*container_reference::parse(text), long_enough));
    }

    names asked;
    runtimes both;
    fake_runtime& first = both.add(std::make_unique<fake_runtime>("first", reference_scheme::docker, asked));
    fake_runtime& second = both.add(std::make_unique<fake_runtime>("second", reference_scheme::containerd, asked));
};

}  // namespace

TEST_F(Runtimes, AReferenceWithASchemeGoesToThatRuntime)
{
    first.has("of the first");
    second.has("of the second");
    EXPECT_EQ(inspect("docker://web")->name, "of the first");
    EXPECT_EQ(asked, names{"first for web"});
    EXPECT_EQ(inspect("containerd://web")->name, "of the second");
    EXPECT_EQ(asked, names{"second for web"});
}

TEST_F(Runtimes, WithoutASchemeTheOneThatHasTheContainerAnswers)
{
    second.has("web");
    EXPECT_EQ(inspect("web")->name, "web");
    EXPECT_EQ(asked, (names{"first for web", "second for web"}));
    first.has("web");
    EXPECT_EQ(inspect("web")->name, "web") << "one container that both have (cri-dockerd's) is no conflict";
}

TEST_F(Runtimes, TwoContainersThatFitAreAConflictThatNamesBoth)
{
    first.has("web", "1111");
    second.has("web", "2222");
    const auto both_have = inspect("web");
    ASSERT_FALSE(both_have);
    EXPECT_EQ(both_have.error(), error(failure::conflict,
                                       "two containers fit: 1111 of first and 2222 of second; give the "
                                       "runtime with it, such as docker://"));
    EXPECT_EQ(inspect("containerd://web")->id, "2222");
}

TEST_F(Runtimes, ASchemeThatNoneAnswersToIsAskedOfAll)
{
    second.has("web");
    EXPECT_EQ(inspect("cri-o://web")->name, "web");
}

TEST_F(Runtimes, WhatCouldNotBeSaidIsToldBeforeWhatIsNotThere)
{
    EXPECT_EQ(inspect("web").error().kind(), failure::gone);
    second.answer = error(failure::unavailable, "away");
    EXPECT_EQ(inspect("web").error(), error(failure::unavailable, "away"));
    first.answer = error(failure::timed_out, "late");
    EXPECT_EQ(inspect("web").error(), error(failure::timed_out, "late"));
    second.has("web");
    EXPECT_EQ(inspect("web")->name, "web") << "one that is away costs only what is its own";
}

TEST_F(Runtimes, APodIsFoundWhereItIs)
{
    second.has("app");
    const auto found = run_task(both.find_pod_container("ns", "pod", "app", long_enough));
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->name, "app");
    EXPECT_EQ(asked, (names{"first for ns/pod/app", "second for ns/pod/app"}));
}

TEST_F(Runtimes, NoneIsUnavailable)
{
    const runtimes none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(run_task(none.inspect(*container_reference::parse("web"), long_enough)).error().kind(),
              failure::unavailable);
}
