#include "netlink/text/name_tables.hpp"

#include "tests/support/guarded_bytes.hpp"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace nodescope::netlink {
namespace {

std::string host(const name_tables& names, const char* address)
{
    in6_addr v6{};
    if (inet_pton(AF_INET6, address, &v6) == 1) return std::string(names.host(v6).value_or("-"));
    return std::string(names.host(ntohl(inet_addr(address))).value_or("-"));
}

std::string network(const name_tables& names, const char* address)
{
    return std::string(names.network(ntohl(inet_addr(address))).value_or("-"));
}

TEST(Hosts, TakesTheCanonicalNameOfTheFirstMatchingLine)
{
    const name_tables names("10.0.0.1 first alias\n10.0.0.1 second\n10.0.0.2\tx\ty # z\n", "");
    EXPECT_EQ(host(names, "10.0.0.1"), "first");
    EXPECT_EQ(host(names, "10.0.0.2"), "x");
    EXPECT_EQ(host(names, "10.0.0.3"), "-");
}

TEST(Hosts, PassesOverCommentsBlankLinesAndBadAddresses)
{
    const name_tables names(
        "# 10.0.0.1 comment\n\n   \t\n#\n 10.0.0.1\v\findented \r\n010.0.0.2 octal\n10.0.0 short\n10.0.0.5# glued\n"
        "10.0.0.300 large\nname 10.0.0.4\n10.0.0.6 cut#off\n10.0.0.7 last",
        "");
    EXPECT_EQ(host(names, "10.0.0.1"), "indented");
    EXPECT_EQ(host(names, "10.0.0.2"), "-");
    EXPECT_EQ(host(names, "10.0.0.4"), "-");
    EXPECT_EQ(host(names, "10.0.0.6"), "cut");
    EXPECT_EQ(host(names, "10.0.0.7"), "last");
    EXPECT_EQ(host(names, "10.0.0.5"), "") << "a line without a name has an empty one in glibc too";
}

TEST(Hosts, EndsALineAtNul)
{
    const std::string text("10.0.0.1 one\0two\n10.0.0.2\0 x\n", 29);
    const name_tables names(text, "");
    EXPECT_EQ(host(names, "10.0.0.1"), "one");
    EXPECT_EQ(host(names, "10.0.0.2"), "");
}

TEST(Hosts, LetsIpv6LinesAnswerForIpv4WhereGlibcDoes)
{
    const name_tables names("::1 six\n127.0.0.1 four\n::ffff:10.0.0.1 mapped\n10.0.0.2 plain\nfe80::1%2 scoped\n", "");
    EXPECT_EQ(host(names, "127.0.0.1"), "six");
    EXPECT_EQ(host(names, "::1"), "six");
    EXPECT_EQ(host(names, "10.0.0.1"), "mapped");
    EXPECT_EQ(host(names, "::ffff:10.0.0.1"), "mapped");
    EXPECT_EQ(host(names, "::ffff:10.0.0.2"), "-");
    EXPECT_EQ(host(names, "fe80::1"), "-");
}

TEST(Networks, AddsTheZerosThatAreLeftOut)
{
    const name_tables names("", "a 127\nb 10.1\nc 10.2.3 alias\nd 10.4.5.6\ne 0x0b.010\n");
    EXPECT_EQ(network(names, "127.0.0.0"), "a");
    EXPECT_EQ(network(names, "10.1.0.0"), "b");
    EXPECT_EQ(network(names, "10.2.3.0"), "c");
    EXPECT_EQ(network(names, "10.4.5.6"), "d");
    EXPECT_EQ(network(names, "11.8.0.0"), "e") << "hexadecimal and octal parts";
}

TEST(Networks, PassesOverLinesWithoutANumber)
{
    const name_tables names("", "alone\n#a 10.0.0.0\nb 10.0.0.0.0.0\nc x\nd " + std::string(100, '1') + "\ne 300\n");
    EXPECT_EQ(network(names, "10.0.0.0"), "-");
    EXPECT_EQ(network(names, "255.255.255.255"), "-");
    EXPECT_EQ(network(names, "0.0.0.0"), "-");
}

// Each text ends where readable memory ends, and each name is known from the byte on that completes its address.
TEST(NameTables, ReadsEveryTruncationUpToItsEndAndNoFurther)
{
    const std::string_view hosts = "::ffff:10.0.0.1 mapped # x\n127.0.0.1 localhost alias";
    const auto name_at = [](std::string_view cut, std::size_t address_end, std::string_view name) {
        if (cut.size() < address_end) return std::string("-");
        return std::string(name.substr(0, cut.size() - std::min(cut.size(), address_end + 1)));
    };
    for (std::size_t size = 0; size <= hosts.size(); ++size) {
        const testing::guarded_bytes cut(hosts.substr(0, size));
        const name_tables names(cut.view(), "");
        EXPECT_EQ(host(names, "10.0.0.1"), name_at(cut.view(), 15, "mapped")) << cut.view();
        EXPECT_EQ(host(names, "127.0.0.1"), name_at(cut.view(), 36, "localhost")) << cut.view();
    }
    const std::string_view networks = "loopback 127.3\nx 0x7f.1";
    for (std::size_t size = 0; size <= networks.size(); ++size) {
        const testing::guarded_bytes cut(networks.substr(0, size));
        const name_tables names("", cut.view());
        // "loopback 127" and "x 0x7f" are numbers of a network, too.
        EXPECT_EQ(network(names, "127.0.0.0"), size == 12 ? "loopback" : size == 21 ? "x" : "-") << cut.view();
        EXPECT_EQ(network(names, "127.3.0.0"), size >= 14 ? "loopback" : "-") << cut.view();
        EXPECT_EQ(network(names, "127.1.0.0"), size == networks.size() ? "x" : "-") << cut.view();
    }
}

class NameSource : public ::testing::Test {
protected:
    NameSource() : root_(std::filesystem::temp_directory_path() / "nodescope-names-XXXXXX")
    {
        std::string name = root_.string();
        root_ = mkdtemp(name.data());
        std::filesystem::create_directory(root_ / "etc");
    }
    ~NameSource() override { std::filesystem::remove_all(root_); }
    void write(const char* name, const std::string& text) const { std::ofstream(root_ / "etc" / name) << text; }

    std::filesystem::path root_;
};

TEST_F(NameSource, ReadsAgainOnlyWhatHasChanged)
{
    name_source source(root_);
    EXPECT_EQ(host(*source.current(), "10.0.0.1"), "-") << "no files";
    write("hosts", "10.0.0.1 one\n");
    const auto first = source.current();
    EXPECT_EQ(host(*first, "10.0.0.1"), "one");
    EXPECT_EQ(source.current(), first);
    write("hosts", "10.0.0.1 other\n");
    write("networks", "lab 10.0.0.0\n");
    EXPECT_EQ(host(*source.current(), "10.0.0.1"), "other");
    EXPECT_EQ(network(*source.current(), "10.0.0.0"), "lab");
}

TEST_F(NameSource, KeepsTheNamesOfDeviceGroups)
{
    name_source source(root_);
    EXPECT_EQ(*source.device_groups(), (name_map{{0, "default"}})) << "no file";
    std::filesystem::create_directory(root_ / "etc" / "iproute2");
    write("iproute2/group", "7 seven\n");
    const auto first = source.device_groups();
    EXPECT_EQ(*first, (name_map{{0, "default"}, {7, "seven"}}));
    EXPECT_EQ(source.device_groups(), first);
    write("iproute2/group", "0 none\n8 eight\n");
    const auto second = source.device_groups();
    EXPECT_EQ(*second, (name_map{{0, "none"}, {8, "eight"}}));
    EXPECT_EQ(iproute_names(root_, second).group(8), "eight");
    EXPECT_EQ(iproute_names(root_).group(8), "eight") << "read by itself";
    std::filesystem::remove(root_ / "etc" / "iproute2" / "group");
    EXPECT_EQ(*source.device_groups(), (name_map{{0, "default"}}));
}

TEST_F(NameSource, FollowsLinksWithinTheRootOnly)
{
    std::filesystem::create_directory(root_ / "static");
    std::ofstream(root_ / "static" / "hosts") << "10.0.0.1 inside\n";
    std::filesystem::create_symlink("/static/hosts", root_ / "etc" / "hosts");
    EXPECT_EQ(host(*name_source(root_).current(), "10.0.0.1"), "inside");
}

TEST_F(NameSource, TakesPipesAndHugeFilesForEmpty)
{
    ASSERT_EQ(mkfifo((root_ / "etc" / "hosts").c_str(), 0600), 0);
    std::ofstream(root_ / "etc" / "networks") << "lab 10.0.0.0\n";
    std::filesystem::resize_file(root_ / "etc" / "networks", name_source::file_limit + 1);
    name_source source(root_);
    EXPECT_EQ(host(*source.current(), "10.0.0.1"), "-");
    EXPECT_EQ(network(*source.current(), "10.0.0.0"), "-");
}

}  // namespace
}  // namespace nodescope::netlink
