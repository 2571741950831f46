#include "netlink/decode/proc_files.hpp"

#include "tests/support/guarded_bytes.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace nodescope::netlink {
namespace {

const std::string protocols =
    "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re sp bi br ha uh "
    "gp em\n"
    "UNIX-STREAM 1152      2      -1   NI       0   yes  kernel      n  n  n  n  n\n"
    "UNIX      1152      40      -1   NI       0   yes  kernel      n  n  n  n  n\n"
    "TCP       2304      3       0   no     320   yes  kernel      y  y  y  y  y\n";

TEST(CountUnixSockets, AddsStreamsToTheOthers)
{
    EXPECT_EQ(count_unix_sockets(protocols), std::optional<std::uint64_t>(42));
}

TEST(CountUnixSockets, WithoutALineItIsNotKnown)
{
    EXPECT_EQ(count_unix_sockets(""), std::nullopt);
    EXPECT_EQ(count_unix_sockets("UNIX"), std::nullopt);
    EXPECT_EQ(count_unix_sockets("UNIX 1 -1\n"), std::nullopt);
    EXPECT_EQ(count_unix_sockets("UNIXES 1 1\n"), std::nullopt);
}

TEST(CountUnixSockets, SurvivesACutAnywhere)
{
    for (std::size_t size = 0; size < protocols.size(); ++size) {
        const testing::guarded_bytes cut(std::string_view(protocols).substr(0, size));
        EXPECT_LE(count_unix_sockets(cut.view()).value_or(0), 42U);
    }
}

const std::string sockstat =
    "sockets: used 16\nTCP: inuse 5 orphan 0 tw 7 alloc 9 mem 219\nUDP: inuse 3 mem 0\nFRAG: inuse 0 memory 0\n";
const std::string sockstat6 = "TCP6: inuse 4\nUDP6: inuse 2\n";

TEST(CountTcpSockets, AddsThoseThatWait)
{
    EXPECT_EQ(count_tcp_sockets(sockstat), std::optional<std::uint64_t>(12));
    EXPECT_EQ(count_tcp_sockets(sockstat6), std::optional<std::uint64_t>(4));
    EXPECT_EQ(count_tcp_sockets("TCP: inuse 0 orphan 0 tw 0 alloc 1 mem 1\n"), std::optional<std::uint64_t>(0));
}

TEST(CountTcpSockets, WithoutAllFiguresItIsNotKnown)
{
    for (const char* text : {"", "TCP:", "TCP: inuse 0\n", "TCP: tw 0\n", "TCP: inuse x tw 0\n", "TCP: inuse 0 tw -1\n",
                             "TCP6:\n", "UDP: inuse 0 tw 0\n", "TCP: inuse 99999999999999999999 tw 0\n"}) {
        EXPECT_EQ(count_tcp_sockets(text), std::nullopt) << text;
    }
}

TEST(CountTcpSockets, SurvivesACutAnywhere)
{
    for (const std::string& whole : {sockstat, sockstat6}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const testing::guarded_bytes cut(std::string_view(whole).substr(0, size));
            EXPECT_LE(count_tcp_sockets(cut.view()).value_or(0), 12U);
        }
    }
}

TEST(IsModuleToLoad, WhatIsLoadedOrPartOfTheKernelIsNot)
{
    const std::string modules = "inet_diag 24576 1 tcp_diag, Live 0x0\ntcp_diag 16384 0 - Live 0x0\n";
    const std::string builtin = "kernel/net/unix/unix_diag.ko\nkernel/net/ipv4/raw-diag.ko\n";
    for (const char* name : {"inet_diag", "tcp_diag", "unix_diag", "raw_diag"}) {
        EXPECT_FALSE(is_module_to_load(modules, builtin, name)) << name;
    }
    for (const char* name : {"udp_diag", "tcp", "diag", "raw"}) {
        EXPECT_TRUE(is_module_to_load(modules, builtin, name)) << name;
    }
    EXPECT_TRUE(is_module_to_load("", "", "tcp_diag"));
}

TEST(ParseSysctlNumbers, TakesWholeNumbersAlone)
{
    EXPECT_EQ(parse_sysctl_numbers("1"), (std::vector<std::int64_t>{1}));
    EXPECT_EQ(parse_sysctl_numbers("32768\t60999"), (std::vector<std::int64_t>{32'768, 60'999}));
    EXPECT_EQ(parse_sysctl_numbers("-1"), (std::vector<std::int64_t>{-1}));
    for (const char* text : {"", " ", "x", "1 x", "1,2", "99999999999999999999"}) {
        EXPECT_TRUE(parse_sysctl_numbers(text).empty()) << text;
    }
}

}  // namespace
}  // namespace nodescope::netlink
