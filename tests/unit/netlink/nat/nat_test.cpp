#include "netlink/nat/nat.hpp"

#include "netlink/decode/decode.hpp"
#include "netlink/decode/proc_files.hpp"
#include "netlink/read/nat_tables.hpp"
#include "tests/support/namespace_child.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/netlink/composed_message.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <thread>

namespace nodescope::netlink {
namespace {

using namespace std::chrono_literals;
using testing::composed;
using testing::namespace_child;
using testing::run_task;

// ---- is there a nat table? ------------------------------------------------------------------------------------------

TEST(LegacyNat, IsRuledOutByModulesThatAreLoadedWithoutIt)
{
    const auto ruled_out = [](std::string_view modules) { return lacks_module(modules, "ip_tables", "iptable_nat"); };
    EXPECT_TRUE(ruled_out("nf_nat 1 2 - Live 0x0\nip_tables 32768 0 - Live 0x0\nx_tables 1 1 ip_tables, Live 0x0\n"));
    EXPECT_TRUE(ruled_out("ip_tables 32768 1 iptable_filter, Live 0x0\niptable_filter 16384 0 - Live 0x0\n"));
    EXPECT_FALSE(ruled_out("ip_tables 32768 1 iptable_nat, Live 0x0\niptable_nat 16384 0 - Live 0x0\n"));
    EXPECT_FALSE(ruled_out("iptable_nat 16384 0 - Live 0x0\n"));
    EXPECT_FALSE(ruled_out("x_tables 49152 0 - Live 0x0\n")) << "ip_tables may be part of the kernel";
    EXPECT_FALSE(ruled_out("ip_tables_other 1 0 - Live 0x0\n"));
    EXPECT_FALSE(ruled_out(""));
}

TEST(ListsNat, WantsTheWholeLine)
{
    EXPECT_FALSE(lists_nat(""));
    EXPECT_TRUE(lists_nat("nat\n"));
    EXPECT_TRUE(lists_nat("raw\nnat"));
    EXPECT_TRUE(lists_nat("filter\nnat\nmangle\n"));
    EXPECT_FALSE(lists_nat("natx\nxnat\n nat\n\n"));
}

composed table_message(std::uint8_t family)
{
    nfgenmsg header{};
    header.nfgen_family = family;
    return {(NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWTABLE, header};
}

TEST(DecodeNftTable, TellsFamilyAndName)
{
    nft_table table;
    std::size_t damaged = 0;
    EXPECT_TRUE(decode(table_message(NFPROTO_INET).bytes(NFTA_TABLE_NAME, {"nat\0", 4}), table, damaged));
    EXPECT_EQ(table.family, NFPROTO_INET);
    EXPECT_EQ(table.name, "nat");
    EXPECT_EQ(damaged, 0U);
}

TEST(DecodeNftTable, KnowsNoNameBeforeItIsWhole)
{
    const composed whole = table_message(NFPROTO_IPV4).bytes(NFTA_TABLE_NAME, "nat");
    const std::size_t name_end = NLMSG_LENGTH(sizeof(nfgenmsg)) + sizeof(nlattr) + 3;
    for (std::size_t size = 0; size <= name_end; ++size) {
        const std::string bytes = testing::cut_to(whole, size);
        const testing::guarded_bytes cut(bytes);
        nft_table table;
        std::size_t damaged = 0;
        decode(std::as_bytes(std::span(cut.view())), table, damaged);
        EXPECT_EQ(table.name, size == name_end ? "nat" : "") << size;
    }
}

TEST(DecodeNftChain, TellsWhoseItIsAndItsType)
{
    nfgenmsg header{};
    header.nfgen_family = NFPROTO_INET;
    const composed whole = composed((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWCHAIN, header)
                               .bytes(NFTA_CHAIN_TABLE, {"fw4\0", 4})
                               .bytes(NFTA_CHAIN_TYPE, {"nat\0", 4});
    nft_chain chain;
    std::size_t damaged = 0;
    EXPECT_TRUE(decode(whole, chain, damaged));
    EXPECT_EQ(chain.family, NFPROTO_INET);
    EXPECT_EQ(chain.table, "fw4");
    EXPECT_EQ(chain.type, "nat");
    EXPECT_EQ(damaged, 0U);
    testing::for_each_damage(whole, [&](byte_span bytes) {
        nft_chain other;
        decode(bytes, other, damaged);
        EXPECT_LE(other.table.size(), bytes.size());
    });
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
        auto where = target();
        const nat_findings found =
            blocking_find_nat_tables(where.home, where.target, child_->proc_directory().get(), deadline::in(20s));
        return read_found(family == ip_family::ipv4 ? found.ipv4 : found.ipv6, family, limits);
    }
    [[nodiscard]] nat_target target() const
    {
        return {*net_namespace::of_this_thread(), *net_namespace::of_process(child_->proc_directory().get())};
    }
    result<nat_text> read_found(result<nat_tables> found, ip_family family = ip_family::ipv4, output_limits limits = {})
    {
        nat_options options;
        options.directories = {stubs_};
        options.limits = limits;
        nat_reader reader(programs_, options);
        auto got = run_task(reactor_, reader.read(target(), family, std::move(found), deadline::in(timeout_)));
        EXPECT_TRUE(testing::run_until(reactor_, [this] { return programs_.alive() == 0; }));
        return got;
    }

    /// The program is sent a signal by somebody else; it cannot send itself one.
    result<nat_text> read_while_it_gets(int signal)
    {
        std::atomic<bool> ended{false};
        std::thread sender([&] {
            while (!ended) {
                if (const pid_t pid = running_program(); pid > 0) ::kill(pid, signal);
                std::this_thread::yield();
            }
        });
        auto got = read();
        ended = true;
        sender.join();
        return got;
    }
    /// The one that a worker has started; 0 without.
    [[nodiscard]] static pid_t running_program()
    {
        for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
            std::ifstream children(thread.path() / "children");
            for (pid_t pid = 0; children >> pid;) {
                std::ifstream comm(fmt::format("/proc/{}/comm", pid));
                std::string name;
                if (std::getline(comm, name) && name == "sleep") return pid;
            }
        }
        return 0;
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
    stub("iptables-nft-save", "echo nft $@; exec readlink /proc/self/ns/net");
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
}

TEST_F(ReadNat, SaysThatMemoryWasNotEnough)
{
    const error wanted(failure::too_large, "nat: iptables-nft-save: needed more than 48 MiB of memory");
    make_nft_table();
    stub("iptables-nft-save", "echo iptables-save: Memory allocation problem >&2; exit 1");
    EXPECT_EQ(read().error(), wanted);
    // What it printed before and after may lack rules.
    stub("iptables-nft-save", "echo rules; echo x.so: cannot create shared object descriptor >&2");
    EXPECT_EQ(read().error(), wanted);
}

TEST_F(ReadNat, SaysThatRulesAreMissingThoughTheProgramIsContent)
{
    in_namespace("for i in 1 2 3; do iptables-nft -t nat -A POSTROUTING -j MASQUERADE; done");
    stub("iptables-nft-save", "echo \\*nat; echo \"-A POSTROUTING -j MASQUERADE\"; echo COMMIT");
    const auto cut = read();
    ASSERT_TRUE(cut) << cut.error();
    EXPECT_EQ(cut->text, "*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n");
    ASSERT_TRUE(cut->incomplete);
    EXPECT_EQ(
        cut->incomplete->message(),
        "nat: iptables-nft-save: showed 1 of 3 rules: it needed more than 48 MiB of memory, or rules were removed "
        "meanwhile");
    stub("iptables-nft-save", "for i in 1 2 3; do echo \"-A POSTROUTING -j MASQUERADE\"; done");
    EXPECT_FALSE(read()->incomplete);
    stub("iptables-nft-save", "echo \"# Table \\`nat\' is incompatible, use \'nft\' tool.\"");
    EXPECT_FALSE(read()->incomplete);
}

TEST_F(ReadNat, SaysWhatAProgramSaysBeforeWhatMayNotBeSeen)
{
    stub("iptables-nft-save", "exit 3");
    nat_tables found;
    found.nft = true;
    found.legacy_failure = error(failure::denied, "nat: look for tables: denied");
    EXPECT_EQ(read_found(found).error().message(), "nat: iptables-nft-save: ended with status 3");
    stub("iptables-nft-save", "echo nft");
    EXPECT_EQ(read_found(found)->incomplete, found.legacy_failure);
}

TEST_F(ReadNat, SaysWhoEndedTheProgram)
{
    make_nft_table();
    stub("iptables-nft-save", "exec sleep 1000");
    EXPECT_EQ(read_while_it_gets(SIGSEGV).error(),
              error(failure::failed, "nat: iptables-nft-save: ended by signal 11"));
    EXPECT_EQ(read_while_it_gets(SIGXCPU).error(),
              error(failure::failed, "nat: iptables-nft-save: needed more than 10 s of a processor"));
    EXPECT_EQ(read_while_it_gets(SIGKILL).error(),
              error(failure::failed,
                    "nat: iptables-nft-save: killed from outside, perhaps by the kernel because memory "
                    "ran out"));
}

TEST_F(ReadNat, KeepsWhatOneVariantGaveWhenTheOtherFails)
{
    stub("iptables-nft-save", "echo -A nft");
    make_nft_table();
    make_legacy_table();
    const auto got = read();
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->text, "-A nft\n");
    const std::string missing = stubs_ / "iptables-legacy-save";
    EXPECT_EQ(got->incomplete, error(failure::unavailable, "nat: iptables-legacy-save: cannot run " + missing +
                                                               ": No such file or directory"));
}

TEST_F(ReadNat, NamesThePhaseAtItsDeadline)
{
    stub("iptables-nft-save", "trap \"\" TERM; exec sleep 1000");
    make_nft_table();
    timeout_ = 300ms;
    EXPECT_EQ(read().error(), error(failure::timed_out, "nat: iptables-nft-save: not finished within 300ms"));
}

TEST_F(ReadNat, CutsAfterAWholeLineAtTheLimit)
{
    stub("iptables-nft-save", "exec yes 123456789");
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
    const unique_fd process(child_->proc_directory());
    const auto home = *net_namespace::of_this_thread();
    const auto target = *net_namespace::of_process(process.get());
    child_.reset();
    EXPECT_EQ(blocking_find_nat_tables(home, target, process.get(), deadline::in(10s)).ipv4.error(),
              error(failure::gone, "nat: look for tables: open net/ip_tables_names: No such process"));
}

}  // namespace
}  // namespace nodescope::netlink
