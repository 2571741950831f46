#include "server/cli/complete.hpp"

#include "server/cli/invocation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nodescope::cli {
namespace {

using words = std::vector<std::string>;

words complete_after(const words& typed)
{
    return completions(
        described_commands(), typed,
        [] {
            return words{"web", "worker", "0123456789ab"};
        },
        [] {
            return words{"netInfoCollector", "containerCollector"};
        });
}

TEST(Complete, Commands)
{
    EXPECT_EQ(complete_after({"ne"}), words{"net"});
    EXPECT_EQ(complete_after({"p"}), (words{"ps", "path"}));
    EXPECT_FALSE(complete_after({}).empty());
    EXPECT_EQ(complete_after({"--vers"}), words{"--version"});
    EXPECT_TRUE(complete_after({"nothing"}).empty());
}

TEST(Complete, NamesWhereOneMayStand)
{
    EXPECT_EQ(complete_after({"net", "w"}), (words{"web", "worker"}));
    EXPECT_EQ(complete_after({"doctor", ""}).size(), 3U);
    EXPECT_EQ(complete_after({"path", "--node", "w"}), (words{"web", "worker"}));
    EXPECT_TRUE(complete_after({"net", "web", "w"}).empty());
    EXPECT_EQ(complete_after({"collect", "net"}), words{"netInfoCollector"});
    EXPECT_TRUE(complete_after({"top", "w"}).empty());
    EXPECT_TRUE(complete_after({"unknown", "w"}).empty());
}

TEST(Complete, Options)
{
    EXPECT_EQ(complete_after({"net", "web", "--ip"}), words{"--ip"});
    EXPECT_EQ(complete_after({"ps", "--al"}).front(), "--all");
    EXPECT_EQ(complete_after({"ps", "--docker-h"}), words{"--docker-host"});
    // The value of an option is not a container.
    EXPECT_TRUE(complete_after({"net", "--pod", "w"}).empty());
}

}  // namespace
}  // namespace nodescope::cli
