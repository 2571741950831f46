// One number per setting: what --timeout-* says is what the clients, the collectors and the HTTP server are built with.
#include "server/run/collector_options.hpp"
#include "tests/unit/server/config/command_line.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace nodescope {
namespace {

using nodescope::testing::parsed;
using nodescope::testing::words;
using durations = std::vector<steady_clock::duration>;

/// For each flag every place that its number ends up in.
const std::map<std::string, std::function<durations(const configuration&)>>& places()
{
    static const std::map<std::string, std::function<durations(const configuration&)>> all{
        {"timeout-request", [](const configuration& c) { return durations{c.http.request_timeout}; }},
        {"timeout-header", [](const configuration& c) { return durations{c.http.header_timeout}; }},
        {"timeout-body", [](const configuration& c) { return durations{c.http.body_timeout}; }},
        {"timeout-idle", [](const configuration& c) { return durations{c.http.idle_timeout}; }},
        {"timeout-write", [](const configuration& c) { return durations{c.http.write_timeout}; }},
        {"timeout-docker", [](const configuration& c) { return durations{docker_options(c).timeout}; }},
        {"timeout-netlink", [](const configuration& c) { return durations{options_of_net_info(c).netlink_timeout}; }},
        {"timeout-nat", [](const configuration& c) { return durations{options_of_net_info(c).nat_timeout}; }},
        {"timeout-kubernetes", [](const configuration& c) { return durations{pod_options(c).timeout}; }},
        {"timeout-host",
         [](const configuration& c) {
             return durations{sampling_options(c).timeout, options_of_net_info(c).host_timeout,
                              options_of_processors(c).host_timeout};
         }},
        {"timeout-disk-usage", [](const configuration& c) { return durations{c.limits.disk_usage}; }},
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

}  // namespace
}  // namespace nodescope
