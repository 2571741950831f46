#include "collectors/application/configuration.hpp"
#include "collectors/application/figures.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace nodescope::applications {
namespace {

const std::string usual = R"json({"endpoint": {"protocol": "https", "port": "8443", "path": "/nginx_status?a=b"},
 "metrics_config": [{"name": "active", "metric_type": "gauge", "units": "connections", "data_type": "int",
  "polling_frequency": 10, "regex": "Active connections: ([0-9]+)"}]})json";

std::string with_endpoint(const std::string& endpoint)
{
    return fmt::format(R"({{"endpoint": {}, "metrics_config": ["up"]}})", endpoint);
}

failure kind_of(const std::string& text, const char* name = "prometheus")
{
    const auto read = parse_configuration(name, text);
    return read ? failure::internal : read.error().kind();
}

TEST(ApplicationConfiguration, IsReadAsCadvisorHasIt)
{
    const auto read = parse_configuration("nginx", usual);
    ASSERT_TRUE(read) << read.error();
    EXPECT_FALSE(read->is_prometheus);
    EXPECT_EQ(read->to.kind, http_client::endpoint::transport::tls);
    EXPECT_EQ(read->to.host, "127.0.0.1");
    EXPECT_EQ(read->to.port, 8443);
    EXPECT_EQ(read->target, "/nginx_status?a=b");
    ASSERT_EQ(read->patterns.size(), 1U);
    const pattern_metric& one = read->patterns[0];
    EXPECT_EQ(one.name, "active");
    EXPECT_EQ(one.type, "gauge");
    EXPECT_EQ(one.units, "connections");
    EXPECT_TRUE(one.is_whole);
    EXPECT_EQ(one.regex, "Active connections: ([0-9]+)");
}

TEST(ApplicationConfiguration, IsPrometheusByTheNameOfItsLabel)
{
    const auto read = parse_configuration("Prometheus-1", R"({"endpoint":{},"metrics_config":["a","b"]})");
    ASSERT_TRUE(read) << read.error();
    EXPECT_TRUE(read->is_prometheus);
    EXPECT_EQ(read->to.port, 8000) << "cAdvisor's";
    EXPECT_EQ(read->to.kind, http_client::endpoint::transport::tcp);
    EXPECT_EQ(read->target, "/");
    EXPECT_EQ(read->wanted, (std::vector<std::string>{"a", "b"}));
    const auto all = parse_configuration("prometheus", R"({"endpoint":"http://localhost:9/m"})");
    ASSERT_TRUE(all) << all.error();
    EXPECT_TRUE(all->wanted.empty());
    EXPECT_EQ(all->to.port, 9);
    EXPECT_EQ(all->target, "/m");
}

TEST(ApplicationConfiguration, LeadsToTheLoopbackOnly)
{
    for (const char* here :
         {"\"http://localhost:1/\"", "\"http://127.8.9.1/x\"", "\"https://[::1]:3/\"", "\"http://LOCALHOST\""}) {
        EXPECT_TRUE(parse_configuration("prometheus", with_endpoint(here))) << here;
    }
    for (const char* elsewhere : {"\"http://10.0.0.1/\"", "\"http://169.254.169.254/latest\"", "\"http://[fe80::1]/\"",
                                  "\"http://example.org/\"", "\"http://127.0.0.1.example.org/\"", "\"http://0.0.0.0/\"",
                                  "\"http://2130706433/\"", "\"http://127.1/\""}) {
        EXPECT_EQ(kind_of(with_endpoint(elsewhere)), failure::denied) << elsewhere;
    }
}

TEST(ApplicationConfiguration, RefusesWhatIsNoEndpoint)
{
    for (const char* wrong :
         {"7", "null", "[]", "\"\"", "\"localhost:80\"", "\"ftp://localhost/\"", "\"file:///etc/passwd\"",
          "\"unix:///run/docker.sock\"", "\"http://localhost@10.0.0.1/\"", "\"http://localhost:0/\"",
          "\"http://localhost:99999/\"", R"({"protocol":"gopher"})", R"({"port":"http"})", R"({"port":70000})",
          R"({"port":0})", R"({"path":"/a b"})", R"({"path":"/a\r\nHost: x"})", R"({"path":7})"}) {
        EXPECT_EQ(kind_of(with_endpoint(wrong)), failure::malformed) << wrong;
    }
    EXPECT_EQ(kind_of(with_endpoint("\"http://localhost/" + std::string(5000, 'x') + "\"")), failure::too_large);
}

TEST(ApplicationConfiguration, RefusesTooMuchAndTooLong)
{
    std::string many;
    for (std::size_t at = 0; at <= metric_limit; ++at) many += fmt::format("{}\"m{}\"", at == 0 ? "" : ",", at);
    EXPECT_EQ(kind_of(R"({"endpoint":{},"metrics_config":[)" + many + "]}"), failure::too_large);
    EXPECT_EQ(kind_of(R"({"endpoint":{},"metrics_config":[")" + std::string(300, 'x') + "\"]}"), failure::too_large);
    const std::string regex(2000, 'x');
    EXPECT_EQ(
        kind_of(R"({"endpoint":{},"metrics_config":[{"name":"a","data_type":"int","regex":")" + regex + "\"}]}", "x"),
        failure::too_large);
}

TEST(ApplicationConfiguration, RefusesWhatIsNone)
{
    for (const char* wrong : {"", "{", "[]", "7", R"({"endpoint":{}})", R"({"endpoint":{},"metrics_config":{}})",
                              R"({"endpoint":{},"metrics_config":[7]})", R"({"endpoint":{},"metrics_config":[{}]})",
                              R"({"endpoint":{},"metrics_config":[{"name":"a","data_type":"text"}]})"}) {
        EXPECT_EQ(kind_of(wrong, "nginx"), failure::malformed) << wrong;
    }
    for (std::size_t length = 0; length < usual.size(); ++length) {
        EXPECT_FALSE(parse_configuration("nginx", std::string_view(usual).substr(0, length))) << length;
    }
}

}  // namespace
}  // namespace nodescope::applications
