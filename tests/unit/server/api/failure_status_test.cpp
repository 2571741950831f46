#include "server/api/failure_status.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

TEST(ProcessorFailure, MapsEachKindAsTheContractSays)
{
    for (const failure kind :
         {failure::invalid, failure::gone, failure::conflict, failure::denied, failure::timed_out, failure::unavailable,
          failure::malformed, failure::failed, failure::too_large, failure::cancelled, failure::internal}) {
        EXPECT_EQ(processor_failure(error(kind, "x")).status, 500U) << to_string(kind);
    }
    EXPECT_EQ(processor_failure(error(failure::wrong_node, "x")).status, 421U);
    EXPECT_EQ(processor_failure(error(failure::disabled, "x")).status, 422U);
    const auto shed = processor_failure(error(failure::overloaded, "x"));
    EXPECT_EQ(shed.status, 503U);
    ASSERT_EQ(shed.headers.size(), 1U);
    EXPECT_EQ(shed.headers[0].first, "Retry-After");
}

TEST(ProcessorFailure, EscapesTheSentence)
{
    const auto reply = processor_failure(error(failure::gone, "no container \"\x1b[31m\n\xff\""));
    EXPECT_EQ(reply.text(), "no container \"\\x1b[31m\\n\\xff\"\n");
    EXPECT_EQ(reply.content_type, "text/plain; charset=utf-8");
}

}  // namespace
}  // namespace nodescope::api
