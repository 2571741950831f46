#include "collectors/runtime/cri/docker_words.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cri {
namespace {

using namespace std::chrono_literals;

TEST(StatusText, IsWordedAsDockerDoes)
{
    constexpr std::int64_t second = 1'000'000'000;
    container_details one;
    one.state = container_state::running;
    one.started_at = 100 * second;
    EXPECT_EQ(status_text(one, 160s), "Up About a minute");
    EXPECT_EQ(status_text(one, 90s), "Up Less than a second") << "clocks are set";
    one.started_at = 0;
    EXPECT_EQ(status_text(one, 160s), "Up") << "nobody said since when";
    one.state = container_state::exited;
    EXPECT_EQ(status_text(one, 160s), "Exited");
    one.says_exit = true;
    one.exit_code = 137;
    EXPECT_EQ(status_text(one, 160s), "Exited (137)");
    one.finished_at = 40 * second;
    EXPECT_EQ(status_text(one, 160s), "Exited (137) 2 minutes ago");
    one.state = container_state::created;
    EXPECT_EQ(status_text(one, 160s), "Created");
    one.state = container_state::unknown;
    EXPECT_EQ(status_text(one, 160s), "Unknown");
}

TEST(PortsJson, IsDockersList)
{
    EXPECT_EQ(ports_json(R"([{"name":"a","hostPort":80,"containerPort":8080,"protocol":"TCP","hostIP":"10.0.0.1"}])"),
              R"([{"IP":"10.0.0.1","PrivatePort":8080,"PublicPort":80,"Type":"tcp"}])");
    EXPECT_EQ(ports_json(R"([{"containerPort":53,"protocol":"UDP"},{"containerPort":1}])"),
              R"([{"PrivatePort":53,"Type":"udp"},{"PrivatePort":1,"Type":"tcp"}])");
    for (const char* const none :
         {"", "{", "[]", "{}", "7", "[7]", "[{}]", R"([{"containerPort":"80"}])", R"([{"containerPort":70000}])"}) {
        EXPECT_EQ(ports_json(none), "[]") << none;
    }
}

}  // namespace
}  // namespace nodescope::cri
