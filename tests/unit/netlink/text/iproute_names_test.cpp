#include "netlink/text/iproute_names.hpp"

#include "netlink/read/address_reading.hpp"
#include "tests/support/namespace_child.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <linux/netlink.h>
#include <sys/stat.h>

#include <filesystem>

namespace nodescope::netlink {
namespace {

using namespace std::chrono_literals;
using testing::namespace_child;
using testing::temporary_directory;

name_map parsed(std::string_view file)
{
    name_map names;
    add_iproute_names(names, file);
    return names;
}

TEST(IprouteNamesFile, ReadsNumbersAndNames)
{
    EXPECT_EQ(parsed(""), name_map{});
    EXPECT_EQ(parsed("1 one\n 0x10\tsixteen # why\n# 3 three\n\n5 five"),
              (name_map{{1, "one"}, {5, "five"}, {16, "sixteen"}}));
    EXPECT_EQ(parsed("1 one\n1 uno\n"), (name_map{{1, "uno"}}));
    EXPECT_EQ(parsed("-1 minus\n0xffffffff minus\n+2 two\n"), (name_map{{2, "two"}}));
}

TEST(IprouteNamesFile, StopsAtALineItCannotRead)
{
    for (const char* broken : {"one 1", "1", "1 \t", "99999999999999999999 big", "x", "\x01"}) {
        EXPECT_EQ(parsed(std::string("1 one\n") + broken + "\n2 two\n"), (name_map{{1, "one"}})) << broken;
    }
}

TEST(IprouteNamesFile, SurvivesEveryCut)
{
    const std::string_view whole = "1 one\n 0x10\tsixteen # why\n# 3 three\n\n5 five";
    for (std::size_t size = 0; size <= whole.size(); ++size)
        EXPECT_LE(parsed(std::string(whole.substr(0, size))).size(), 3U);
}

TEST(IprouteNames, ComeFromBelowTheRoot)
{
    const temporary_directory root;
    root.write("etc/iproute2/group", "7 seven\n0 zero\n");
    root.write("etc/iproute2/rt_scopes", "77 mine\n0 everywhere\n");
    root.write("etc/iproute2/protodown_reasons.d/a.conf", "3 mlag\n");
    root.write("etc/iproute2/protodown_reasons.d/b.txt", "4 never\n");
    iproute_names names(root.path().string());

    EXPECT_EQ(names.group(7), "seven");
    EXPECT_EQ(names.group(0), "zero");
    EXPECT_EQ(names.group(8), "8");
    EXPECT_EQ(names.group(0xFFFFFFFF), "-1");
    EXPECT_EQ(names.protocol_down_reason(3), "mlag");
    EXPECT_EQ(names.protocol_down_reason(4), "4");
    // iproute2 reads rt_scopes when it meets the first scope without a built-in name.
    EXPECT_EQ(names.scope(0), "global");
    EXPECT_EQ(names.scope(77), "mine");
    EXPECT_EQ(names.scope(0), "everywhere");
    EXPECT_EQ(names.scope(253), "link");
    EXPECT_EQ(names.scope(78), "78");
}

TEST(IprouteNames, WithoutFilesThereAreNumbers)
{
    iproute_names names("/nonexistent");

    EXPECT_EQ(names.group(0), "default");
    EXPECT_EQ(names.group(7), "7");
    EXPECT_EQ(names.scope(254), "host");
    EXPECT_EQ(names.scope(9), "9");
    EXPECT_EQ(names.protocol_down_reason(0), "0");
}

TEST(IprouteNames, WhatIsNoRegularFileCountsAsEmpty)
{
    const temporary_directory root;
    const auto group = root.path() / "etc/iproute2/group";
    std::filesystem::create_directories(group.parent_path());
    ASSERT_EQ(::mkfifo(group.c_str(), 0600), 0);
    iproute_names names(root.path().string());

    EXPECT_EQ(names.group(0), "default");
}

TEST(ReadAddresses, StopsWhenNobodyWaitsAndAtTheLimits)
{
    if (!namespace_child::is_possible()) GTEST_SKIP() << "making network namespaces needs root";
    const namespace_child child;
    const deadline limit = deadline::in(10s);
    auto socket = netlink_socket::open_in(*net_namespace::of_this_thread(),
                                          *net_namespace::of_process(child.proc_directory().get()), NETLINK_ROUTE);
    ASSERT_TRUE(socket) << socket.error();
    abandon_flag abandoned;

    const auto whole = blocking_read_addresses(*socket, "/", {}, limit, abandoned);
    const auto cut = blocking_read_addresses(*socket, "/", {.links = 0}, limit, abandoned);
    abandoned.raise();
    const auto dropped = blocking_read_addresses(*socket, "/", {}, limit, abandoned);

    ASSERT_TRUE(whole) << whole.error();
    EXPECT_NE(whole->text.find("1: lo: <LOOPBACK> mtu 65536"), std::string::npos) << whole->text;
    EXPECT_TRUE(whole->consistent);
    EXPECT_FALSE(whole->truncated);
    EXPECT_EQ(whole->damaged, 0U);
    ASSERT_TRUE(cut) << cut.error();
    EXPECT_TRUE(cut->truncated);
    EXPECT_EQ(cut->text, "");
    ASSERT_FALSE(dropped);
    EXPECT_EQ(dropped.error().kind(), failure::cancelled);
}

}  // namespace
}  // namespace nodescope::netlink
