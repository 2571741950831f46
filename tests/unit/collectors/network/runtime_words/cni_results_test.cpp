#include "collectors/network/runtime_words/cni_results.hpp"

#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

// As libcni 1.1 writes it after the plugins bridge and portmap, shortened.
const std::string some_result =
    R"({"kind":"cniCacheV1","containerId":"c1","config":"e30=","ifName":"eth0","networkName":"pods",)"
    R"("cniArgs":[["K8S_POD_NAME","web"]],"capabilityArgs":{"portMappings":[)"
    R"({"hostPort":8077,"containerPort":80,"protocol":"tcp"},{"hostPort":53,"containerPort":53,"protocol":"udp"}]},)"
    R"("result":{"cniVersion":"0.4.0","dns":{},"interfaces":[{"mac":"3a:00:00:00:00:01","name":"cni0"},)"
    R"({"mac":"3a:00:00:00:00:02","name":"eth0","sandbox":"/var/run/netns/cni-1"}],)"
    R"("ips":[{"address":"10.88.0.2/16","gateway":"10.88.0.1","interface":1,"version":"4"},)"
    R"({"address":"10.88.0.1/16","interface":0,"version":"4"},{"address":"fd88::2/64","version":"6"}],)"
    R"("routes":[{"dst":"0.0.0.0/0"}]}})";

std::string text_of(std::string_view text)
{
    const auto made = parse_cni_result(text);
    if (!made) return "malformed";
    std::string shown = made->words.runtime;
    for (const auto& one : made->sandboxes) shown += " in " + one;
    for (const auto& one : made->words.addresses)
        shown += fmt::format(" {}:{}/{} via {}", one.network, one.address, one.prefix_length, one.gateway);
    for (const auto port : made->words.tcp_ports) shown += fmt::format(" :{}", port);
    return shown;
}

TEST(CniResults, WhatWasSetUpInThePod)
{
    EXPECT_EQ(text_of(some_result),
              "cni in /var/run/netns/cni-1 pods:10.88.0.2/0 via 10.88.0.1 pods:fd88::2/0 via  :80");
}

TEST(CniResults, OnlyTheResultAsEarlierOnes)
{
    EXPECT_EQ(
        text_of(R"({"interfaces":[{"name":"eth0","sandbox":"/n"}],"ips":[{"address":"10.0.0.2/24","interface":0}]})"),
        "cni in /n :10.0.0.2/0 via ");
}

TEST(CniResults, WhatIsNone)
{
    for (const char* const text : {"", "null", "[]", "7", "{", "{}x"}) EXPECT_EQ(text_of(text), "malformed") << text;
    for (
        const char* const text :
        {"{}", R"({"result":7})", R"({"result":{"interfaces":7,"ips":{}}})", R"({"interfaces":[7,{"sandbox":7}]})",
         R"({"ips":[7,{},{"address":7},{"address":"x","interface":"y"}]})",
         R"({"capabilityArgs":{"portMappings":[7,{}]}})",
         R"({"capabilityArgs":{"portMappings":[{"containerPort":0},{"containerPort":65536},{"containerPort":-1}]}})"}) {
        EXPECT_EQ(text_of(text), "cni") << text;
    }
    for (std::size_t size = 0; size < some_result.size(); ++size)
        EXPECT_EQ(text_of(some_result.substr(0, size)), "malformed") << size;
}

TEST(CniResults, NoMoreThanIsKept)
{
    std::string ips;
    std::string ports;
    std::string interfaces;
    for (int i = 0; i < 3000; ++i) {
        const char* const comma = i == 0 ? "" : ",";
        ips += fmt::format(R"({}{{"address":"10.0.0.2/24"}})", comma);
        ports += fmt::format(R"({}{{"containerPort":80}})", comma);
        interfaces += fmt::format(R"({}{{"sandbox":"/n{}"}})", comma, i);
    }
    const auto made = parse_cni_result(fmt::format(
        R"({{"interfaces":[{}],"ips":[{}],"capabilityArgs":{{"portMappings":[{}]}}}})", interfaces, ips, ports));
    ASSERT_TRUE(made) << made.error();
    EXPECT_EQ(made->words.addresses.size(), cni_addresses_limit);
    EXPECT_EQ(made->words.tcp_ports.size(), cni_ports_limit);
    EXPECT_EQ(made->sandboxes.size(), 8U);
}

TEST(CniResults, NoDirectoryIsNothing)
{
    const testing::temporary_root root;
    const abandon_flag abandoned;
    const auto found = blocking_read_cni_results(root.path(), 1, deadline::in(10s), abandoned);
    EXPECT_TRUE(found.items.empty());
    EXPECT_EQ(found.missing, "");
}

TEST(CniResults, FilesOfOthersAndTooManyOfThem)
{
    const testing::temporary_root root;
    abandon_flag abandoned;
    root.write("/var/lib/cni/results/pods-c1-eth0", some_result);
    root.write("/var/lib/cni/results/broken", "{");
    const auto found = blocking_read_cni_results(root.path(), 1, deadline::in(10s), abandoned);
    EXPECT_TRUE(found.items.empty());
    EXPECT_EQ(found.missing, "");
    EXPECT_EQ(blocking_read_cni_results(root.path(), 1, deadline::in(0s), abandoned).missing,
              "/var/lib/cni/results was not read within 0ms");
    for (std::size_t i = 0; i < cni_files_limit; ++i) root.write(fmt::format("/var/lib/cni/results/{}", i), "");
    EXPECT_EQ(blocking_read_cni_results(root.path(), 1, deadline::in(60s), abandoned).missing,
              "/var/lib/cni/results has more than 2048 files");
}

}  // namespace
}  // namespace nodescope
