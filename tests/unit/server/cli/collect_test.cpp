#include "server/cli/collect.hpp"

#include <gtest/gtest.h>

namespace nodescope::cli {
namespace {

TEST(Collect, MakesAnObjectOfPairs)
{
    EXPECT_EQ(parameters_json({}).value(), "{}");
    EXPECT_EQ(parameters_json({"id=web", "x=a=\"b\"", "e="}).value(), R"({"id":"web","x":"a=\"b\"","e":""})");
    for (const char* const wrong : {"id", "=web", ""}) {
        const auto made = parameters_json({"a=b", wrong});
        ASSERT_FALSE(made) << wrong;
        EXPECT_EQ(made.error().kind(), failure::invalid);
        EXPECT_EQ(made.error().message(), "\"" + std::string(wrong) + "\" is not KEY=VALUE");
    }
}

TEST(Collect, UnwrapsOneValueAndSeveral)
{
    EXPECT_EQ(unwrapped(R"({"a":"line\n"})"), "line\n");
    EXPECT_EQ(unwrapped(R"({"a":"one","b":[1]})"), "==> a <==\none\n==> b <==\n[1]\n");
    EXPECT_EQ(unwrapped("[1]"), "[1]");
    EXPECT_EQ(unwrapped("text"), "text");
}

}  // namespace
}  // namespace nodescope::cli
