#include "collectors/network/counters/counters.hpp"

#include "core/unique_fd.hpp"
#include "tests/support/guarded_bytes.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <string>

#include <fcntl.h>

using namespace nodescope;
using nodescope::testing::guarded_bytes;
using nodescope::testing::temporary_root;

namespace {

const std::string tables =
    "Ip: Forwarding DefaultTTL InReceives\nIp: 1 64 18446744073709551615\n"
    "Tcp: RtoAlgorithm MaxConn\nTcp: 1 -1\n";
const std::string lines = "sockets: used 290\nTCP: inuse 5 orphan 0 tw 3\nUDPLITE: inuse 0\n";
const std::string list = "Ip6InReceives                   \t12\nIp6OutOctets\t34\n";

std::string shown(const network_counters& what)
{
    std::string text;
    json_writer out(text);
    write_counters(out, what);
    return text;
}

result<network_counters> read_below(const temporary_root& process)
{
    const unique_fd directory(::open(process.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const abandon_flag never;
    return blocking_read_counters(directory.get(), deadline::in(std::chrono::seconds(10)), never);
}

}  // namespace

TEST(NetworkCounters, TextsBecomeObjects)
{
    network_counters what;
    what.snmp = parse_counter_tables(tables);
    what.sockstat = parse_counter_lines(lines);
    what.snmp6 = parse_counter_list(list);
    EXPECT_EQ(shown(what),
              R"({"snmp":{"Ip":{"Forwarding":1,"DefaultTTL":64,"InReceives":18446744073709551615},)"
              R"("Tcp":{"RtoAlgorithm":1,"MaxConn":-1}},"netstat":{},)"
              R"("sockstat":{"sockets":{"used":290},"TCP":{"inuse":5,"orphan":0,"tw":3},"UDPLITE":{"inuse":0}},)"
              R"("snmp6":{"Ip6InReceives":12,"Ip6OutOctets":34},"sockstat6":null})");
}

TEST(NetworkCounters, WhatIsNotInItsFormIsLeftOut)
{
    const auto groups = parse_counter_tables(
        "Ip: A B C\nIp: 1 x 3 4\nTcp: A\nUdp: B\nUdp: 2\nUdp: C\nUdp: 3\nword A\nword 1\n: A\n: 1\n\n");
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_EQ(groups[0].counters.size(), 2U);
    EXPECT_EQ(groups[0].counters[1].name, "C");
    EXPECT_EQ(groups[0].counters[1].amount, 3U);
    EXPECT_EQ(groups[1].name, "Udp");
    ASSERT_EQ(groups[1].counters.size(), 1U);
    EXPECT_EQ(groups[1].counters[0].name, "B");
    EXPECT_TRUE(parse_counter_tables("").empty());
    EXPECT_TRUE(parse_counter_lines("TCP inuse 5\n:\n").empty());
    EXPECT_TRUE(parse_counter_list("A\nB -\nC 99999999999999999999\n").empty());
}

TEST(NetworkCounters, ThereIsALimitOfGroups)
{
    std::string text;
    for (int i = 0; i < 100; ++i) text += "G" + std::to_string(i) + ": a 1\n";
    EXPECT_EQ(parse_counter_lines(text).size(), 64U);
}

TEST(NetworkCounters, ACutAnywhereGivesNoOtherNames)
{
    for (const std::string& text : {tables, lines, list}) {
        for (std::size_t size = 0; size < text.size(); ++size) {
            const guarded_bytes cut(std::string_view(text).substr(0, size));
            EXPECT_LE(parse_counter_tables(cut.view()).size(), 2U);
            EXPECT_LE(parse_counter_lines(cut.view()).size(), 4U);
            EXPECT_LE(parse_counter_list(cut.view()).size(), 3U);
        }
    }
}

TEST(NetworkCounters, OfAKernelWithoutIpv6)
{
    temporary_root process;
    process.write("/net/snmp", tables);
    process.write("/net/netstat", "TcpExt: ListenDrops\nTcpExt: 7\n");
    process.write("/net/sockstat", lines);
    const auto read = read_below(process);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->note, "this kernel has no IPv6");
    EXPECT_NE(shown(*read).find(R"("netstat":{"TcpExt":{"ListenDrops":7}})"), std::string::npos);
    EXPECT_TRUE(shown(*read).ends_with(R"("snmp6":null,"sockstat6":null})"));
}

TEST(NetworkCounters, ALongFileIsCutAfterAWholeLine)
{
    temporary_root process;
    std::string long_text;
    while (long_text.size() < 70'000) long_text += "Long: A\nLong: 1\n";
    process.write("/net/snmp", tables + long_text);
    for (const char* name : {"/net/netstat", "/net/sockstat", "/net/snmp6", "/net/sockstat6"}) process.write(name, "");
    const auto read = read_below(process);
    ASSERT_TRUE(read) << read.error();
    EXPECT_EQ(read->note, "net/snmp is cut after 65536 bytes");
    EXPECT_EQ(read->snmp.size(), 3U);
}

TEST(NetworkCounters, OfAProcessThatHasEnded)
{
    const temporary_root nobody;
    const auto read = read_below(nobody);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind(), failure::gone);
}

TEST(NetworkCounters, NobodyWaitsOrTheTimeIsOver)
{
    const unique_fd directory(::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
    abandon_flag abandoned;
    EXPECT_EQ(blocking_read_counters(directory.get(), deadline::in({}), abandoned).error().kind(), failure::timed_out);
    abandoned.raise();
    EXPECT_EQ(blocking_read_counters(directory.get(), deadline::in({}), abandoned).error().kind(), failure::cancelled);
}
