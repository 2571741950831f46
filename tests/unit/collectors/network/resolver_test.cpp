#include "collectors/network/resolver.hpp"

#include "core/unique_fd.hpp"
#include "tests/support/guarded_bytes.hpp"
#include "tests/support/temporary_root.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include <fcntl.h>
#include <sys/stat.h>

using namespace nodescope;
using nodescope::testing::guarded_bytes;
using nodescope::testing::temporary_root;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace {

constexpr std::string_view some_configuration =
    "# a comment\n"
    "; another\n"
    "domain first.example\n"
    "nameserver 10.96.0.10\n"
    "nameserver\tfd00::53%eth0 \n"
    "search default.svc.cluster.local  svc.cluster.local\tcluster.local\n"
    "options ndots:5 timeout:2\n"
    "options edns0\n"
    "sortlist 130.155.160.0/255.255.240.0 130.155.0.0\n";

constexpr std::string_view some_hosts =
    "127.0.0.1\tlocalhost localhost.localdomain # the loopback\n"
    "# 10.0.0.9 nobody\n"
    "fe00::0 ip6-localnet\n"
    "10.0.0.2 web";

/// As a process shows it: its root is a link.
struct ReadResolver : ::testing::Test {
    ReadResolver() { process.link("/root", root.path()); }
    result<container_resolver> read(deadline limit = deadline::in(std::chrono::seconds(10))) const
    {
        const unique_fd directory(::open(process.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        return blocking_read_resolver(directory.get(), limit, abandoned);
    }
    temporary_root root;
    temporary_root process;
    abandon_flag abandoned;
};

std::string shown(const container_resolver& what)
{
    std::string text;
    json_writer out(text);
    write_resolver(out, what);
    return text;
}

}  // namespace

TEST(ParseResolvConf, TakesWhatGlibcTakes)
{
    const resolv_conf made = parse_resolv_conf(some_configuration);
    EXPECT_THAT(made.nameservers, ElementsAre("10.96.0.10", "fd00::53%eth0"));
    EXPECT_THAT(made.search, ElementsAre("default.svc.cluster.local", "svc.cluster.local", "cluster.local"));
    EXPECT_THAT(made.options, ElementsAre("ndots:5", "timeout:2", "edns0"));
    EXPECT_THAT(made.sortlist, ElementsAre("130.155.160.0/255.255.240.0", "130.155.0.0"));
    EXPECT_EQ(made.unknown_nameservers, 0U);
}

TEST(ParseResolvConf, TheLastOfSearchAndDomainCounts)
{
    EXPECT_THAT(parse_resolv_conf("search a b\ndomain c d\n").search, ElementsAre("c"));
    EXPECT_THAT(parse_resolv_conf("domain c\nsearch a b\nsearch\nsearch \n").search, ElementsAre("a", "b"));
}

TEST(ParseResolvConf, KnowsAddressesFromWhatIsNone)
{
    const resolv_conf made = parse_resolv_conf(
        "nameserver 127.1\nnameserver 10.0.0.1#53\nnameserver dns.example\nnameserver 1.2.3.4\r\nnameserver\n"
        "nameserver \n nameserver 10.0.0.2\nnameservers 10.0.0.3\nnameserver:10.0.0.4\nnameserver 1.2.3.4 x");
    EXPECT_THAT(made.nameservers, ElementsAre("127.1", "1.2.3.4"));
    EXPECT_EQ(made.unknown_nameservers, 3U);
    EXPECT_EQ(parse_resolv_conf(std::string("nameserver ") + std::string(1000, '1')).unknown_nameservers, 1U);
    EXPECT_EQ(parse_resolv_conf(std::string("nameserver 1.2.3.4\0x", 20)).unknown_nameservers, 1U);
}

TEST(ParseHosts, TakesAddressesWithNames)
{
    const hosts_file made = parse_hosts(some_hosts);
    ASSERT_EQ(made.entries.size(), 3U);
    EXPECT_EQ(made.entries[0].address, "127.0.0.1");
    EXPECT_THAT(made.entries[0].names, ElementsAre("localhost", "localhost.localdomain"));
    EXPECT_EQ(made.entries[1].address, "fe00::0");
    EXPECT_THAT(made.entries[2].names, ElementsAre("web"));
    EXPECT_THAT(parse_hosts("127.0.0.1\n127.1 short\nname name\n\n#\n10.0.0.1 # none\n").entries, IsEmpty());
}

TEST(ParseHosts, MoreThanThereIsRoomForAreCounted)
{
    std::string text;
    for (std::size_t i = 0; i < hosts_entries_limit + 7; ++i) text += "1.1.1.1 a\n";
    const hosts_file made = parse_hosts(text);
    EXPECT_EQ(made.entries.size(), hosts_entries_limit);
    EXPECT_EQ(made.left_out, 7U);
}

TEST(ParseResolverFiles, ACutAnywhereIsSurvived)
{
    for (const std::string_view text : {some_configuration, some_hosts}) {
        for (std::size_t size = 0; size < text.size(); ++size) {
            const guarded_bytes cut(text.substr(0, size));
            EXPECT_LE(parse_resolv_conf(cut.view()).nameservers.size(), 2U);
            EXPECT_LE(parse_hosts(cut.view()).entries.size(), 3U);
        }
    }
}

TEST_F(ReadResolver, BothFiles)
{
    root.write("/etc/resolv.conf", some_configuration);
    root.write("/etc/hosts", "10.0.0.2 web\x1b[1m \"x\"\n");
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->note, "");
    EXPECT_EQ(shown(*found), R"({"nameservers":[{"address":"10.96.0.10"},{"address":"fd00::53%eth0"}],)"
                             R"("search":["default.svc.cluster.local","svc.cluster.local","cluster.local"],)"
                             R"("options":["ndots:5","timeout:2","edns0"],)"
                             R"("sortlist":["130.155.160.0/255.255.240.0","130.155.0.0"],)"
                             R"("hosts":[{"address":"10.0.0.2","names":["web\u001b[1m","\"x\""]}]})");
}

TEST_F(ReadResolver, WithoutOneOfThemTheOtherIsShown)
{
    ASSERT_EQ(::mkdir((root.path() + "/etc").c_str(), 0700), 0);
    ASSERT_EQ(::mkfifo((root.path() + "/etc/resolv.conf").c_str(), 0600), 0);
    root.write("/etc/hosts", some_hosts);
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->note, "/etc/resolv.conf in the container is no plain file");
    EXPECT_TRUE(shown(*found).starts_with(
        R"({"nameservers":null,"search":null,"options":null,"sortlist":null,"hosts":[{"address":"127.0.0.1",)"))
        << shown(*found);
}

TEST_F(ReadResolver, WithoutBothItFails)
{
    const auto found = read();
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), error(failure::gone, "open /etc/resolv.conf in the container: No such file or directory"));
}

TEST_F(ReadResolver, ALongFileIsCutAfterAWholeLine)
{
    std::string lines;
    while (lines.size() < resolv_conf_limit_bytes) lines += "nameserver 10.20.30.40\n";
    root.write("/etc/resolv.conf", lines + "nameserver");
    root.write("/etc/hosts", "");
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->configuration->nameservers.size(), resolv_conf_limit_bytes / 23);
    EXPECT_EQ(found->configuration->unknown_nameservers, 0U);
    EXPECT_EQ(found->note, "/etc/resolv.conf is longer than 65536 bytes: the rest is not shown");
}

TEST_F(ReadResolver, WhatIsOddIsSaid)
{
    root.write("/etc/resolv.conf", "nameserver none\n");
    std::string entries;
    for (std::size_t i = 0; i < hosts_entries_limit + 1; ++i) entries += "1.1.1.1 a\n";
    root.write("/etc/hosts", entries);
    const auto found = read();
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(found->note, "1 lines of nameserver have no address; 5000 of 5001 entries of /etc/hosts are shown");
}

TEST_F(ReadResolver, NobodyWaitsOrTheTimeIsOver)
{
    root.write("/etc/resolv.conf", some_configuration);
    EXPECT_EQ(read(deadline::in({})).error().kind(), failure::timed_out);
    abandoned.raise();
    EXPECT_EQ(read().error().kind(), failure::cancelled);
}
