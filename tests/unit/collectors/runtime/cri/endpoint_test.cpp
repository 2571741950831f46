#include "collectors/runtime/cri/endpoint.hpp"

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace nodescope::cri {
namespace {

TEST(CriEndpoint, IsAPath)
{
    EXPECT_EQ(*parse_endpoint("unix:///run/crio/crio.sock"), "/run/crio/crio.sock");
    EXPECT_EQ(*parse_endpoint("/run/crio/crio.sock"), "/run/crio/crio.sock");
    for (const char* const odd :
         {"", "unix://", "unix://relative", "run/x", "tcp://127.0.0.1:1", "npipe:////./pipe/x"}) {
        const auto parsed = parse_endpoint(odd);
        ASSERT_FALSE(parsed) << odd;
        EXPECT_EQ(parsed.error().kind(), failure::invalid);
    }
    EXPECT_FALSE(parse_endpoint("/" + std::string(107, 'x')));
    EXPECT_TRUE(parse_endpoint("/" + std::string(106, 'x')));
}

TEST(CriEndpoint, IsTheFirstThatExists)
{
    const testing::temporary_directory root;
    const endpoint_choice choice(usual_sockets(root.path().string()));
    EXPECT_FALSE(choice.chosen());
    EXPECT_FALSE(choice.is_usable());
    EXPECT_NE(choice.text().find("/run/crio/crio.sock, "), std::string::npos) << choice.text();
    const std::string crio = root.write("run/crio/crio.sock", "");
    EXPECT_EQ(choice.chosen()->shown(), crio);
    EXPECT_TRUE(choice.is_usable());
    const std::string containerd = root.write("run/containerd/containerd.sock", "");
    EXPECT_EQ(choice.chosen()->shown(), containerd) << "it has come since";
    EXPECT_EQ(choice.text(), "unix://" + containerd);
    EXPECT_FALSE(choice.is_configured());
}

// A link of the node that is absolute means the node.
TEST(CriEndpoint, IsBelowTheRoot)
{
    const testing::temporary_directory root;
    root.write("data/containerd/containerd.sock", "");
    std::filesystem::create_directory_symlink("/data", root.path() / "run");
    const endpoint_choice choice(usual_sockets(root.path().string()));
    ASSERT_TRUE(choice.chosen());
    EXPECT_EQ(choice.chosen()->path, "/run/containerd/containerd.sock");
    EXPECT_TRUE(choice.is_usable());
}

TEST(CriEndpoint, IsWhatWasConfigured)
{
    const endpoint_choice choice(std::string("/nonexistent/x.sock"));
    EXPECT_TRUE(choice.is_configured());
    EXPECT_EQ(choice.text(), "unix:///nonexistent/x.sock");
    EXPECT_FALSE(choice.is_usable());
}

}  // namespace
}  // namespace nodescope::cri
