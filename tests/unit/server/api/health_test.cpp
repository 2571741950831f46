#include "server/api/health.hpp"

#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::api {
namespace {

using namespace std::chrono_literals;

http::reply probe(const std::string& path, steady_clock::duration hanging)
{
    http::request asked;
    for (const http::route& row : health_routes([hanging] { return hanging; })) {
        if (row.path == path) return nodescope::testing::run_task(row.handle(asked));
    }
    return {};
}

TEST(Health, IsWellWhileAWorkerIsLeft)
{
    for (const char* const path : {"/healthz", "/readyz"}) {
        const auto answer = probe(path, 0s);
        EXPECT_EQ(answer.status, 200U);
        EXPECT_EQ(answer.text(), "ok");
    }
}

TEST(Health, FailsOnceAllWorkersHaveHungForAMinute)
{
    EXPECT_EQ(probe("/healthz", 60s - 1ms).status, 200U);
    const auto answer = probe("/healthz", 75s + 300ms);
    EXPECT_EQ(answer.status, 503U);
    EXPECT_EQ(answer.text(), "all workers hang in the kernel, for 75s now: nothing can be read of this node");
    EXPECT_EQ(probe("/healthz", 60s).status, 503U);
}

TEST(Health, IsReadyForRequestsAllTheSame) { EXPECT_EQ(probe("/readyz", 1h).status, 200U); }

}  // namespace
}  // namespace nodescope::api
