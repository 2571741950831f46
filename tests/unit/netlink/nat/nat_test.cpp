#include "netlink/nat/nat.hpp"

#include "tests/support/namespace_child.hpp"
#include "tests/support/run_task.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace nodescope::netlink {
namespace {

using namespace std::chrono_literals;
using testing::namespace_child;
using testing::run_task;

// ---- is there a nat table? ------------------------------------------------------------------------------------------

TEST(ListsNat, WantsTheWholeLine)
{
    EXPECT_FALSE(lists_nat(""));
    EXPECT_TRUE(lists_nat("nat\n"));
    EXPECT_TRUE(lists_nat("raw\nnat"));
    EXPECT_TRUE(lists_nat("filter\nnat\nmangle\n"));
    EXPECT_FALSE(lists_nat("natx\nxnat\n nat\n\n"));
}

std::vector<std::byte> table_message(const std::string& name, std::uint8_t family)
{
    const auto name_size = static_cast<std::uint16_t>(name.size() + 1);
    std::vector<std::byte> bytes(sizeof(nlmsghdr) + sizeof(nfgenmsg) + NLMSG_ALIGN(sizeof(nlattr) + name_size));
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(bytes.size());
    header.nlmsg_type = (NFNL_SUBSYS_NFTABLES << 8U) | NFT_MSG_NEWTABLE;
    nfgenmsg general{};
    general.nfgen_family = family;
    nlattr attribute{};
    attribute.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + name_size);
    attribute.nla_type = NFTA_TABLE_NAME;
    std::byte* at = bytes.data();
    std::memcpy(at, &header, sizeof(header));
    std::memcpy(at += sizeof(header), &general, sizeof(general));
    std::memcpy(at += sizeof(general), &attribute, sizeof(attribute));
    std::memcpy(at + sizeof(attribute), name.c_str(), name_size);
    return bytes;
}

TEST(IsNatTable, WantsTheNameAndTheFamily)
{
    EXPECT_TRUE(is_nat_table(table_message("nat", NFPROTO_IPV4), NFPROTO_IPV4));
    EXPECT_TRUE(is_nat_table(table_message("nat", NFPROTO_IPV6), NFPROTO_IPV6));
    EXPECT_FALSE(is_nat_table(table_message("nat", NFPROTO_INET), NFPROTO_IPV4));
    EXPECT_FALSE(is_nat_table(table_message("nat2", NFPROTO_IPV4), NFPROTO_IPV4));
    EXPECT_FALSE(is_nat_table(table_message("", NFPROTO_IPV4), NFPROTO_IPV4));
}

TEST(IsNatTable, SurvivesEveryTruncation)
{
    const auto whole = table_message("nat", NFPROTO_IPV4);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        std::vector<std::byte> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(is_nat_table(cut, NFPROTO_IPV4));
        if (size < sizeof(nlmsghdr)) continue;
        const auto claimed = static_cast<std::uint32_t>(size);
        std::memcpy(cut.data(), &claimed, sizeof(claimed));
        EXPECT_FALSE(is_nat_table(cut, NFPROTO_IPV4)) << size;
    }
}

// ---- the reader, with stubs for the programs ------------------------------------------------------------------------

class ReadNat : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!namespace_child::is_possible()) GTEST_SKIP() << "making network namespaces needs root";
        if (std::system("command -v iptables-nft iptables-legacy > /dev/null") != 0) GTEST_SKIP() << "no iptables";
        child_ = std::make_unique<namespace_child>();
        std::string name = (std::filesystem::temp_directory_path() / "nodescope-xtables-XXXXXX").string();
        stubs_ = mkdtemp(name.data());
        ASSERT_EQ(::chmod(stubs_.c_str(), 0755), 0);
    }
    void TearDown() override
    {
        if (!stubs_.empty()) std::filesystem::remove_all(stubs_);
        EXPECT_EQ(programs_.alive(), 0U);
    }
    void in_namespace(const std::string& command) const
    {
        ASSERT_EQ(std::system(fmt::format("nsenter -t {} -n sh -c '{}'", child_->pid(), command).c_str()), 0);
    }
    void make_nft_table() const { in_namespace("iptables-nft -t nat -A POSTROUTING -j MASQUERADE"); }
    void make_legacy_table() const { in_namespace("iptables-legacy -t nat -A POSTROUTING -j MASQUERADE"); }
    void stub(const std::string& name, const std::string& script) const
    {
        const std::filesystem::path path = stubs_ / name;
        std::ofstream(path) << "#!/bin/sh\n" << script << '\n';
        ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    }
    result<nat_text> read(ip_family family = ip_family::ipv4, output_limits limits = {})
    {
        auto process = std::make_shared<const unique_fd>(child_->proc_directory());
        nat_target where(*net_namespace::of_this_thread(), *net_namespace::of_process(process->get()), process);
        nat_options options;
        options.directories = {stubs_};
        options.limits = limits;
        nat_reader reader(programs_, options);
        const nat_findings found = blocking_find_nat_tables(where, deadline::in(20s));
        const auto& tables = family == ip_family::ipv4 ? found.ipv4 : found.ipv6;
        auto got = run_task(reactor_, reader.read(std::move(where), family, tables, deadline::in(timeout_)));
        const auto give_up = steady_clock::now() + testing::hang_limit;
        while (programs_.alive() > 0 && steady_clock::now() < give_up) {
            reactor_.restart();
            reactor_.run_one_for(10ms);
        }
        return got;
    }

    std::unique_ptr<namespace_child> child_;
    std::filesystem::path stubs_;
    std::chrono::milliseconds timeout_{20000};
    boost::asio::io_context reactor_{1};
    worker_pool pool_;
    program_runner programs_{reactor_.get_executor(), pool_};
};

TEST_F(ReadNat, RunsNothingWhereThereIsNoTable)
{
    // There is no program to run: anything but an empty text would be an error.
    const auto got = read();
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->text, "");
    EXPECT_FALSE(got->incomplete);
    EXPECT_EQ(read(ip_family::ipv6)->text, "");
}

TEST_F(ReadNat, RunsOnlyTheVariantThatHasATable)
{
    stub("iptables-nft-save", "echo nft $@; readlink /proc/self/ns/net");
    stub("iptables-legacy-save", "echo legacy $@");
    make_nft_table();
    const auto got = read();
    ASSERT_TRUE(got) << got.error();
    const std::string theirs = std::filesystem::read_symlink(fmt::format("/proc/{}/ns/net", child_->pid()));
    EXPECT_EQ(got->text, "nft -t nat\n" + theirs + "\n");
    EXPECT_EQ(read(ip_family::ipv6)->text, "");
}

TEST_F(ReadNat, PutsTheLegacyTextAfterTheOther)
{
    stub("iptables-nft-save", "echo nft");
    stub("iptables-legacy-save", "echo legacy $@");
    make_nft_table();
    make_legacy_table();
    EXPECT_EQ(read()->text, "nft\nlegacy -t nat\n");
}

TEST_F(ReadNat, ReadsIpv6WithItsOwnPrograms)
{
    stub("ip6tables-nft-save", "echo nft6");
    stub("ip6tables-legacy-save", "echo legacy6");
    in_namespace("ip6tables-nft -t nat -A POSTROUTING -j MASQUERADE; ip6tables-legacy -t nat -L > /dev/null");
    EXPECT_EQ(read(ip_family::ipv6)->text, "nft6\nlegacy6\n");
    EXPECT_EQ(read()->text, "");
}

TEST_F(ReadNat, FailsWithTheFirstLineOfTheProgram)
{
    stub("iptables-nft-save", "echo partly; printf \"bad\\033[31m table\\nmore\\n\" >&2; exit 3");
    make_nft_table();
    EXPECT_EQ(read().error(),
              error(failure::failed, "nat: iptables-nft-save: ended with status 3: bad\\x1b[31m table"));
    stub("iptables-nft-save", "kill -SEGV $$");
    EXPECT_EQ(read().error(), error(failure::failed, "nat: iptables-nft-save: ended by signal 11"));
}

TEST_F(ReadNat, KeepsWhatOneVariantGaveWhenTheOtherFails)
{
    stub("iptables-nft-save", "echo nft");
    make_nft_table();
    make_legacy_table();
    const auto got = read();
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->text, "nft\n");
    const std::string missing = stubs_ / "iptables-legacy-save";
    EXPECT_EQ(got->incomplete, error(failure::unavailable, "nat: iptables-legacy-save: cannot run " + missing +
                                                               ": No such file or directory"));
}

TEST_F(ReadNat, NamesThePhaseAtItsDeadline)
{
    stub("iptables-nft-save", "trap \"\" TERM; sleep 1000");
    make_nft_table();
    timeout_ = 300ms;
    EXPECT_EQ(read().error(), error(failure::timed_out, "nat: iptables-nft-save: not finished within 300ms"));
}

TEST_F(ReadNat, CutsAfterAWholeLineAtTheLimit)
{
    stub("iptables-nft-save", "yes 123456789");
    make_nft_table();
    const auto got = read(ip_family::ipv4, {.output = 1005});
    ASSERT_TRUE(got) << got.error();
    EXPECT_TRUE(got->truncated);
    EXPECT_EQ(got->text.size(), 1000U);
    EXPECT_EQ(got->text.back(), '\n');
}

TEST_F(ReadNat, RefusesAProgramThatOthersCanChange)
{
    stub("iptables-nft-save", "echo evil");
    ASSERT_EQ(::chmod((stubs_ / "iptables-nft-save").c_str(), 0757), 0);
    make_nft_table();
    EXPECT_EQ(read().error().kind(), failure::denied);
}

TEST_F(ReadNat, SaysThatTheProcessHasEnded)
{
    auto process = std::make_shared<const unique_fd>(child_->proc_directory());
    const nat_target where(*net_namespace::of_this_thread(), *net_namespace::of_process(process->get()), process);
    child_.reset();
    EXPECT_EQ(blocking_find_nat_tables(where, deadline::in(10s)).ipv4.error(),
              error(failure::gone, "nat: look for tables: open net/ip_tables_names: No such process"));
}

}  // namespace
}  // namespace nodescope::netlink
