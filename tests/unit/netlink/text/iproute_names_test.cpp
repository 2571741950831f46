#include "netlink/text/iproute_names.hpp"

#include "tests/support/guarded_bytes.hpp"
#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace nodescope::netlink {
namespace {

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

TEST(IprouteNamesFile, ReadsEveryCutUpToItsEndAndNoFurther)
{
    const std::string_view whole = "1 one\n0x10 sixteen # why\n5 five";
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        const testing::guarded_bytes cut(whole.substr(0, size));
        // A name is there from its first byte on: that of each line begins behind the number and a blank.
        name_map expected;
        if (size > 2) expected[1] = whole.substr(2, std::min<std::size_t>(size - 2, 3));
        if (size > 11) expected[16] = whole.substr(11, std::min<std::size_t>(size - 11, 7));
        if (size > 27) expected[5] = whole.substr(27, size - 27);
        // "0x1" is 0, called "x1": iproute2 tries the decimal form where the hexadecimal one has no name.
        if (size > 7 && size <= 11) expected[0] = whole.substr(7, std::min<std::size_t>(size - 7, 3));
        EXPECT_EQ(parsed(cut.view()), expected) << cut.view();
    }
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

}  // namespace
}  // namespace nodescope::netlink
