// One number per setting: what --timeout-* says is what the clients and collectors are built with. What the sessions of
// the HTTP server make of theirs is looked at while they run: tests/integration/service/test_timeout_flags.py.
#include "server/run/collector_options.hpp"

#include "collectors/findings/rules.hpp"
#include "server/api/metrics/series_choice.hpp"
#include "tests/unit/server/config/command_line.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {
namespace {

using nodescope::testing::parsed;
using nodescope::testing::words;
using namespace std::chrono_literals;
using durations = std::vector<steady_clock::duration>;

/// For each flag every place that its number ends up in.
const std::map<std::string, std::function<durations(const configuration&)>>& places()
{
    static const std::map<std::string, std::function<durations(const configuration&)>> all{
        {"timeout-request",
         [](const configuration& c) {
             return durations{c.http.request_timeout, options_of_goroutine_dumps(c).timeout()};
         }},
        {"timeout-header", [](const configuration& c) { return durations{c.http.header_timeout}; }},
        {"timeout-body", [](const configuration& c) { return durations{c.http.body_timeout}; }},
        {"timeout-idle", [](const configuration& c) { return durations{c.http.idle_timeout}; }},
        {"timeout-write", [](const configuration& c) { return durations{c.http.write_timeout}; }},
        {"timeout-docker",
         [](const configuration& c) {
             return durations{docker_options(c).timeout, podman_options(c).service.timeout};
         }},
        {"timeout-cri", [](const configuration& c) { return durations{cri_options(c).timeout}; }},
        {"timeout-netlink", [](const configuration& c) { return durations{options_of_net_info(c).netlink_timeout}; }},
        {"timeout-nat", [](const configuration& c) { return durations{options_of_net_info(c).nat_timeout}; }},
        {"timeout-kubernetes",
         [](const configuration& c) {
             return durations{pod_options(c).timeout, collector_limits(c.limits).reviews};
         }},
        {"timeout-host",
         [](const configuration& c) {
             return durations{sampling_options(c).timeout,         podman_options(c).timeout,
                              options_of_net_info(c).host_timeout, options_of_processors(c).host_timeout,
                              options_of_process_list(c).timeout,  collector_limits(c.limits).filesystems,
                              collector_limits(c.limits).machine,  collector_limits(c.limits).processes,
                              collector_limits(c.limits).kernel};
         }},
        {"timeout-disk-usage", [](const configuration& c) { return durations{collector_limits(c.limits).disks}; }},
        {"timeout-drain", [](const configuration& c) { return durations{c.limits.drain}; }},
    };
    return all;
}

std::vector<std::string> deadline_keys()
{
    std::vector<std::string> keys;
    for (const setting& one : parsed({}).settings) {
        if (one.key.starts_with("timeout-")) keys.push_back(one.key);
    }
    return keys;
}

TEST(DeadlineFlags, AreAllKnownHere)
{
    const std::vector<std::string> keys = deadline_keys();
    for (const std::string& key : keys) {
        EXPECT_TRUE(places().contains(key)) << "--" << key << ": say above what is built with it";
    }
    EXPECT_EQ(keys.size(), places().size());
}

TEST(DeadlineFlags, ReachWhatTheyBound)
{
    // Each above every default, and different from all others.
    words arguments;
    std::map<std::string, steady_clock::duration> given;
    for (const std::string& key : deadline_keys()) {
        const std::chrono::minutes value(100 + given.size());
        given[key] = value;
        arguments.push_back("--" + key + "=" + std::to_string(value.count()) + "m");
    }
    const configuration config = parsed(arguments);
    for (const auto& [key, built_with] : places()) {
        for (const steady_clock::duration got : built_with(config)) EXPECT_EQ(got, given[key]) << "--" << key;
    }
}

TEST(DeadlineFlags, ThatAreReloadedReachADumpOfGoroutines)
{
    configuration running = parsed({"--timeout-request=1s"});
    const goroutine_dump_options built = options_of_goroutine_dumps(running);
    take_over(running, parsed({"--timeout-request=7s"}));
    EXPECT_EQ(built.timeout(), 7s);
}

TEST(RuntimeFlag, SaysWhoIsAsked)
{
    struct example {
        const char* runtime;
        bool docker, podman, cri;
    };
    for (const example& one : {example{"auto", true, true, true}, example{"docker", true, false, false},
                               example{"podman", false, true, false}, example{"cri", false, false, true}}) {
        const configuration config = parsed({"--runtime", one.runtime});
        EXPECT_EQ(asks_docker(config), one.docker) << one.runtime;
        EXPECT_EQ(asks_podman(config), one.podman) << one.runtime;
        EXPECT_EQ(asks_cri(config), one.cri) << one.runtime;
    }
}

TEST(EngineSockets, AreLeftToTheOneWhoseTheyAre)
{
    const docker::client_options docker = docker_options(parsed({"--root", "/host"}));
    EXPECT_EQ(docker.usual.front(), "/var/run/docker.sock");
    EXPECT_EQ(docker.not_the_same.front(), "/host/run/podman/podman.sock");
    EXPECT_TRUE(docker_options(parsed({"--runtime", "docker"})).not_the_same.empty());
    const podman::runtime_options podman = podman_options(parsed({"--docker-host", "unix:///run/user/7/podman.sock"}));
    EXPECT_EQ(podman.service.not_the_same, std::vector<std::string>{"/run/user/7/podman.sock"});
    EXPECT_TRUE(podman.service.only_usable);
    EXPECT_EQ(podman.files.graph_root, "/var/lib/containers/storage");
    EXPECT_EQ(podman.files.run_root, "/run/containers/storage");
    EXPECT_TRUE(podman_options(parsed({"--docker-host", "tcp://127.0.0.1"})).service.not_the_same.empty());
}

TEST(FindingFlags, KnowEveryRule)
{
    words arguments;
    std::vector<std::string> names;
    std::string listed;
    for (const findings::rule& one : findings::all_rules()) {
        names.emplace_back(one.name);
        arguments.push_back("--finding-off=" + names.back());
        listed += (listed.empty() ? "" : ",") + names.back();
    }
    EXPECT_EQ(parsed(arguments).findings_off, names);
    // And no others.
    EXPECT_NE(testing::refused({"--finding-off=nothing"}).text.find(listed), std::string::npos)
        << testing::refused({"--finding-off=nothing"}).text;
}

TEST(EventFlags, ReachTheStore) { EXPECT_EQ(sampling_options(parsed({"--max-events", "7"})).events_per_kind, 7U); }

TEST(MetricGroups, CanAllBeChosen)
{
    for (const std::string_view name : api::metric_group_names) {
        EXPECT_EQ(parsed({"--metrics-enable", std::string(name)}).metrics_enabled, words{std::string(name)});
        EXPECT_EQ(parsed({"--metrics-disable", std::string(name)}).metrics_disabled, words{std::string(name)});
    }
}

}  // namespace
}  // namespace nodescope
