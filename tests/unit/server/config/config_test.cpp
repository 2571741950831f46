#include "tests/unit/server/config/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace nodescope {
namespace {

using namespace std::chrono_literals;
using nodescope::testing::parsed;
using nodescope::testing::refused;
using nodescope::testing::words;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class config_file {
public:
    explicit config_file(const std::string& text)
    {
        const int descriptor = ::mkstemp(path_.data());
        if (descriptor >= 0) ::close(descriptor);
        std::ofstream(path_) << text;
    }
    ~config_file() { ::unlink(path_.c_str()); }
    config_file(const config_file&) = delete;
    config_file& operator=(const config_file&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_ = "/tmp/nodescope-config-XXXXXX";
};

TEST(CommandLine, DefaultsAreTheDocumentedOnes)
{
    const auto config = parsed({});
    EXPECT_THAT(config.http.listen, ElementsAre("127.0.0.1:8095"));
    EXPECT_EQ(config.http.request_timeout, 30s);
    EXPECT_EQ(config.limits.docker, 10s);
    EXPECT_EQ(config.limits.netlink, 5s);
    EXPECT_EQ(config.limits.nat, 5s);
    EXPECT_EQ(config.limits.kubernetes, 10s);
    EXPECT_EQ(config.limits.host, 5s);
    EXPECT_EQ(config.limits.drain, 5s);
    EXPECT_EQ(config.max_reply, 1U << 20U);
    EXPECT_EQ(config.http.max_connections, 512U);
    EXPECT_EQ(config.format, log_format::json);
    EXPECT_FALSE(config.node_name.empty());
    EXPECT_FALSE(config.goroutine_dumps);
}

TEST(CommandLine, TakesFlagsWithAndWithoutTheSubcommand)
{
    EXPECT_EQ(parsed({"--timeout-docker", "250ms"}).limits.docker, 250ms);
    EXPECT_EQ(parsed({"serve", "--timeout-docker=2m"}).limits.docker, 2min);
    EXPECT_THAT(parsed({"--listen", "127.0.0.1:1", "--listen", "unix:/x"}).http.listen,
                ElementsAre("127.0.0.1:1", "unix:/x"));
    EXPECT_EQ(parsed({"--max-reply", "2MiB"}).max_reply, 2U << 20U);
    EXPECT_EQ(parsed({"--max-body", "4096"}).http.max_body, 4096U);
    EXPECT_EQ(parsed({"--log-level", "debug"}).level, log_level::debug);
}

TEST(CommandLine, FlagsWinOverTheEnvironmentAndThatOverTheFile)
{
    const config_file file(
        "timeout-docker = \"1s\"\ntimeout-nat = \"1s\"\ntimeout-host = \"1s\"\nlisten = [\"127.0.0.1:7\"]\n");
    const words environment{"NODESCOPE_TIMEOUT_DOCKER=2s", "NODESCOPE_TIMEOUT_NAT=2s", "NODESCOPE_UNRELATED=x"};
    const auto config = parsed({"--config", file.path(), "--timeout-docker", "3s"}, environment);
    EXPECT_EQ(config.limits.docker, 3s);
    EXPECT_EQ(config.limits.nat, 2s);
    EXPECT_EQ(config.limits.host, 1s);
    EXPECT_THAT(config.http.listen, ElementsAre("127.0.0.1:7"));
    const auto from_environment = parsed({}, {"NODESCOPE_CONFIG=" + file.path(), "NODESCOPE_GOROUTINE_DUMPS=true"});
    EXPECT_EQ(from_environment.limits.host, 1s);
    EXPECT_TRUE(from_environment.goroutine_dumps);
}

TEST(CommandLine, TakesDockersAndKubernetesOwnVariables)
{
    const words environment{"DOCKER_HOST=unix:///d.sock", "NODE_NAME=node-a"};
    EXPECT_EQ(parsed({}, environment).docker_host, "unix:///d.sock");
    EXPECT_EQ(parsed({}, environment).node_name, "node-a");
    EXPECT_EQ(parsed({"--docker-host", "unix:///e.sock", "--node-name", "node-b"}, environment).docker_host,
              "unix:///e.sock");
}

TEST(CommandLine, RefusesWhatItDoesNotKnowAndNamesIt)
{
    EXPECT_EQ(refused({"--nonsense"}).code, 1);
    EXPECT_THAT(refused({"--nonsense"}).text, HasSubstr("nonsense"));
    EXPECT_THAT(refused({"--timeout-docker", "5"}).text, HasSubstr("not a duration"));
    EXPECT_THAT(refused({"--max-reply", "3MiB"}).text, HasSubstr("max-reply"));
    EXPECT_THAT(refused({"--log-level", "loud"}).text, HasSubstr("log-level"));
    EXPECT_EQ(refused({}, {"NODESCOPE_TIMEOUT_DOCKER=soon"}).code, 1);
    const config_file file("no-such-key = 1\n");
    EXPECT_THAT(refused({"--config", file.path()}).text, HasSubstr("no-such-key"));
    EXPECT_EQ(refused({"--config", "/nonexistent/config.toml"}).code, 1);
}

TEST(CommandLine, SuggestsWhatWasMeant)
{
    EXPECT_THAT(refused({"--timout-docker", "1s"}).text, HasSubstr("did you mean --timeout-docker?"));
    EXPECT_THAT(refused({"--frobnicate"}).text, Not(HasSubstr("did you mean")));
    EXPECT_THAT(refused({"serv"}).text, HasSubstr("did you mean serve?"));
    const config_file file("# a comment\n\ntimeout-dokcer = \"1s\"\n");
    EXPECT_THAT(refused({"--config", file.path()}).text,
                HasSubstr(file.path() + ":3: there is no key \"timeout-dokcer\", did you mean timeout-docker?"));
}

TEST(CommandLine, SaysWhereAWrongValueStands)
{
    const config_file file("max-body = \"1MiB\"\nmax-connections = 0\ntimeout-nat = \"soon\"\n");
    EXPECT_THAT(refused({"--config", file.path(), "--timeout-nat", "1s"}).text, HasSubstr(file.path() + ":2: "));
    EXPECT_THAT(refused({"--config", file.path(), "--max-connections", "1"}).text, HasSubstr(file.path() + ":3: "));
    EXPECT_THAT(refused({}, {"NODESCOPE_TIMEOUT_NAT=soon"}).text, HasSubstr("NODESCOPE_TIMEOUT_NAT: "));
    EXPECT_THAT(refused({"--config", file.path()}, {"NODESCOPE_MAX_CONNECTIONS=9", "NODESCOPE_TIMEOUT_NAT=x"}).text,
                HasSubstr("NODESCOPE_TIMEOUT_NAT: "));
    const config_file other("node-name = \"n\"\ndocker-host = \"ssh://there\"\n");
    EXPECT_EQ(with_source(parsed({"--config", other.path()}), "docker host \"ssh://there\": no"),
              other.path() + ":2: docker host \"ssh://there\": no");
    EXPECT_EQ(with_source(parsed({"--config", other.path(), "--docker-host", "ssh://there"}), "\"ssh://there\": no"),
              "\"ssh://there\": no");
}

TEST(CommandLine, TakesAnEmptyVariableForNone)
{
    EXPECT_EQ(parsed({}, {"NODESCOPE_TIMEOUT_DOCKER=", "NODESCOPE_LISTEN="}).limits.docker, 10s);
    const config_file file("docker-host = \"\"\nlisten = []\n");
    EXPECT_THAT(parsed({"--config", file.path()}).http.listen, ElementsAre("127.0.0.1:8095"));
}

TEST(CommandLine, PrintsDefaultsThatMeanTheDefaults)
{
    std::string uncommented;
    std::istringstream lines(defaults_text());
    for (std::string line; std::getline(lines, line);) {
        const bool key = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        uncommented += (key ? line.substr(1) : line) + "\n";
    }
    const config_file file(uncommented);
    const auto with = parsed({"--config", file.path()});
    const auto without = parsed({"--config", "/dev/null"});
    ASSERT_EQ(with.settings.size(), without.settings.size());
    ASSERT_GT(with.settings.size(), 30U);
    for (const setting& one : with.settings) EXPECT_THAT(uncommented, HasSubstr("\n" + one.key + " = "));
    EXPECT_EQ(with.http.listen, without.http.listen);
    EXPECT_EQ(with.http.max_body, without.http.max_body);
    EXPECT_EQ(with.limits.docker, without.limits.docker);
    EXPECT_EQ(with.pod_source, without.pod_source);
    EXPECT_EQ(with.level, without.level);
    EXPECT_EQ(with.format, without.format);
}

TEST(CommandLine, TellsWhatChangedAndWhatOfItNeedsARestart)
{
    auto running = parsed({"--log-level", "info", "--timeout-docker", "1s"});
    const auto fresh = parsed({"--log-level", "debug", "--timeout-docker", "2s", "--timeout-drain", "7s"});
    const changed_keys changed = take_over(running, fresh);
    EXPECT_THAT(changed.taken_over, ElementsAre("timeout-drain", "log-level"));
    EXPECT_THAT(changed.need_restart, ElementsAre("timeout-docker"));
    EXPECT_EQ(running.level, log_level::debug);
    EXPECT_EQ(running.limits.drain, 7s);
    EXPECT_EQ(running.limits.docker, 1s);
    EXPECT_THAT(take_over(running, fresh).taken_over, IsEmpty());
    EXPECT_THAT(take_over(running, fresh).need_restart, ElementsAre("timeout-docker"));
}

TEST(CommandLine, HelpEndsEarly)
{
    for (const words& arguments : {words{"--help"}, words{"serve", "--help"}, words{"version", "--help"}}) {
        EXPECT_EQ(refused(arguments).code, 0);
        EXPECT_THAT(refused(arguments).text, HasSubstr("--timeout-docker"));
    }
}

template <class Command>
bool means(const words& arguments, const words& environment = {})
{
    const auto got = cli::parse_command_line(arguments, environment, false);
    const auto* const made = std::get_if<cli::invocation>(&got);
    return made != nullptr && std::holds_alternative<Command>(made->what);
}

TEST(CommandLine, KnowsTheCommandsByWordAndFlag)
{
    EXPECT_TRUE(means<cli::serve>({}));
    EXPECT_TRUE(means<cli::serve>({"serve"}));
    EXPECT_TRUE(means<cli::version>({"version"}));
    EXPECT_TRUE(means<cli::version>({"--version"}));
    EXPECT_EQ(cli::version::text(), "nodescope " NODESCOPE_VERSION "\n");
    EXPECT_TRUE(means<cli::routes>({"routes"}));
    EXPECT_TRUE(means<cli::check_config>({"--check-config"}));
    EXPECT_TRUE(means<cli::check_config>({"routes", "--check-config"}));
    EXPECT_TRUE(means<cli::healthcheck>({"--healthcheck"}));
    EXPECT_TRUE(means<cli::serve>({"--healthcheck=false"}));
    EXPECT_TRUE(means<cli::ask>({"ask", "/x", "--healthcheck"}));
}

TEST(CommandLine, ReadsNoConfigurationForWhatNeedsNone)
{
    EXPECT_TRUE(means<cli::version>({"version", "--config", "/nonexistent"}));
    EXPECT_TRUE(means<cli::print_defaults>({"--print-defaults"}, {"NODESCOPE_TIMEOUT_DOCKER=soon"}));
    EXPECT_EQ(refused({"--help", "--config", "/nonexistent"}).code, 0);
}

TEST(CommandLine, GivesACommandItsArguments)
{
    const auto got = cli::parse_command_line({"ask", "/x", "{}", "--server=http://h:1"}, {}, false);
    const auto& asked = std::get<cli::ask>(std::get<cli::invocation>(got).what);
    EXPECT_EQ(asked.what.path, "/x");
    EXPECT_EQ(asked.what.body, "{}");
    EXPECT_EQ(asked.what.server, "http://h:1");
    EXPECT_EQ(refused({"ask"}).code, 1);
}

}  // namespace
}  // namespace nodescope
