#include "collectors/host/proc/proc_text.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured;

namespace {

constexpr std::string_view good_stat =
    "17209 (sleep) S 17187 17209 17209 0 -1 4194560 1099 0 0 0 1 2 0 0 20 -5 1 0 203810 2322432 324 1\n";

}  // namespace

TEST(OpenFilesLimit, IsReadOffTheKernelsTable)
{
    const std::string table =
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max cpu time              unlimited            unlimited            seconds   \n"
        "Max open files            1024                 524288               files     \n"
        "Max locked memory         8388608              8388608              bytes     \n";
    const auto limit = parse_open_files_limit(table);
    ASSERT_TRUE(limit);
    EXPECT_EQ(limit->soft, 1024);
    EXPECT_EQ(limit->hard, 524288);
    EXPECT_EQ(parse_open_files_limit("Max open files unlimited unlimited files\n"), resource_limit());
    for (const char* none : {"", "Max open files", "Max open files 1", "Max open files x 2 files",
                             "Max open files 1 2 bytes", "Max open files 99999999999999999999 2 files"}) {
        EXPECT_FALSE(parse_open_files_limit(none)) << none;
    }
    const std::size_t end = table.find("files     \n") + 5;
    for (std::size_t length = 0; length < end; ++length) {
        EXPECT_FALSE(parse_open_files_limit(std::string_view(table).substr(0, length))) << length;
    }
}

TEST(ParsePid, TakesWhatTheKernelCanNumber)
{
    EXPECT_EQ(parse_pid("1").value(), 1);
    EXPECT_EQ(parse_pid("4194304").value(), 4194304);
}

TEST(ParsePid, RefusesEverythingElse)
{
    for (const std::string_view text : {"", "0", "4194305", "99999999999999999999", "-1", "+1", " 1", "1 ", "01", "1.0",
                                        "0x1", "self", "1/../2", "1\n", "\xd9\xa1"}) {
        const auto pid = parse_pid(text);
        ASSERT_FALSE(pid) << text;
        EXPECT_EQ(pid.error().kind(), failure::invalid);
    }
    EXPECT_FALSE(parse_pid(std::string_view("1\0", 2)));
}

TEST(ParseProcessStat, ReadsTheFieldsWeUse)
{
    const auto stat = parse_process_stat(good_stat);

    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->pid, 17209);
    EXPECT_EQ(stat->comm, "sleep");
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 17187);
    EXPECT_EQ(stat->user_ticks, 1U);
    EXPECT_EQ(stat->system_ticks, 2U);
    EXPECT_EQ(stat->group, 17209);
    EXPECT_EQ(stat->session, 17209);
    EXPECT_EQ(stat->terminal_group, -1);
    EXPECT_EQ(stat->nice, -5);
    EXPECT_EQ(stat->threads, 1);
    EXPECT_EQ(stat->start_ticks, 203810U);
    EXPECT_EQ(stat->cpu, 0);
}

TEST(ParseProcessStat, KeepsAHostileNameByteForByte)
{
    // Captured from a process that called itself ") S 1 (" with a newline.
    const auto stat = parse_process_stat(captured("stat_hostile_name"));

    ASSERT_TRUE(stat) << stat.error();
    EXPECT_EQ(stat->comm, "a) S 1 (\n");
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 17264);
    EXPECT_EQ(stat->start_ticks, 203856U);
}

TEST(ParseProcessStat, ReadsKernelThreadsAndZombies)
{
    const auto thread = parse_process_stat(captured("stat_kernel_thread"));
    ASSERT_TRUE(thread) << thread.error();
    EXPECT_EQ(thread->comm, "kthreadd");
    EXPECT_EQ(thread->parent, 0);

    const auto zombie = parse_process_stat(captured("stat_zombie"));
    ASSERT_TRUE(zombie) << zombie.error();
    EXPECT_EQ(zombie->state, 'Z');
}

TEST(ParseProcessStat, RefusesATextCutAnywhereBeforeTheLastFieldItUses)
{
    const std::size_t enough = good_stat.find("203810") + 1;
    for (std::size_t length = 0; length < enough; ++length) {
        const auto stat = parse_process_stat(good_stat.substr(0, length));
        ASSERT_FALSE(stat) << length;
        EXPECT_EQ(stat.error().kind(), failure::malformed);
    }
}

TEST(ParseProcessStat, RefusesHostileTexts)
{
    EXPECT_FALSE(parse_process_stat(")("));
    EXPECT_FALSE(parse_process_stat("1 (x) SS 1 1"));
    EXPECT_FALSE(parse_process_stat("99999999999 (x) S 1"));
    std::string wrong(good_stat);
    wrong.replace(wrong.find("203810"), 6, "-3810x");
    EXPECT_FALSE(parse_process_stat(wrong));
    EXPECT_FALSE(parse_process_stat(std::string(1'000'000, '(')));
    EXPECT_FALSE(parse_process_stat("1 (" + std::string(1'000'000, ')')));
}

TEST(ParseProcessStatus, ReadsMemoryInBytes)
{
    const auto status = parse_process_status(captured("status_container"));

    ASSERT_TRUE(status) << status.error();
    EXPECT_EQ(status->thread_group, 17209);
    EXPECT_EQ(status->rss_bytes, 1376U * 1024);
    EXPECT_EQ(status->vms_bytes, 2268U * 1024);
    EXPECT_EQ(status->hwm_bytes, 1376U * 1024);
    EXPECT_EQ(status->data_bytes, 176U * 1024);
    EXPECT_EQ(status->stack_bytes, 132U * 1024);
    EXPECT_EQ(status->locked_bytes, 0U);
    EXPECT_EQ(status->swap_bytes, 0U);
}

TEST(ParseProcessStatus, KernelThreadsAndZombiesHaveNoMemory)
{
    for (const char* name : {"status_kernel_thread", "status_zombie"}) {
        const auto status = parse_process_status(captured(name));
        ASSERT_TRUE(status) << name;
        EXPECT_NE(status->thread_group, 0);
        EXPECT_EQ(status->rss_bytes, 0U);
    }
}

TEST(ParseProcessStatus, NeverCrashesOnATextCutAnywhere)
{
    const std::string whole = captured("status_container");
    const std::size_t group = whole.find("Tgid:\t1") + 7;
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto status = parse_process_status(std::string_view(whole).substr(0, length));
        if (length < group) {
            EXPECT_FALSE(status) << length;
        }
    }
}

TEST(ParseProcessStatus, RefusesWrongNumbers)
{
    for (const char* text : {"Tgid:\tx\n", "Tgid:\t1\nVmRSS:\t-1 kB\n", "Tgid:\t1\nVmRSS:\t1 MB\n",
                             "Tgid:\t1\nVmRSS:\t18446744073709551615 kB\n", "Tgid:\t1\nVmRSS:\n"}) {
        const auto status = parse_process_status(text);
        ASSERT_FALSE(status) << text;
        EXPECT_EQ(status.error().kind(), failure::malformed);
    }
    EXPECT_TRUE(parse_process_status("Tgid:\t1\nVmNew:\tnone\nnonsense\n\n:"));
}

TEST(ParseCommandLine, SplitsAtNul)
{
    using namespace std::string_literals;
    using list = std::vector<std::string>;
    EXPECT_EQ(parse_command_line(""), list());
    EXPECT_EQ(parse_command_line("sh\0-c\0sleep 1\0"s), (list{"sh", "-c", "sleep 1"}));
    EXPECT_EQ(parse_command_line("a\0\0b\0"s), (list{"a", "", "b"}));
    EXPECT_EQ(parse_command_line("nginx: master process"s), (list{"nginx: master process"}));
    EXPECT_EQ(parse_command_line("title\0\0\0\0"s), (list{"title"}));
    EXPECT_EQ(parse_command_line("\0\0"s), list());
    EXPECT_EQ(parse_command_line("\xff\n\0\x1b[31m\0"s), (list{"\xff\n", "\x1b[31m"}));
    EXPECT_EQ(parse_command_line(std::string(1'000'000, '\0') + "x").size(), 1'000'001U);
}

TEST(ParseBootTime, FindsTheLine)
{
    EXPECT_EQ(parse_boot_time(captured("node_stat")).value(), 1795223986);
    EXPECT_FALSE(parse_boot_time(""));
    EXPECT_FALSE(parse_boot_time("btime\n"));
    EXPECT_FALSE(parse_boot_time("btime x\n"));
    EXPECT_FALSE(parse_boot_time("xbtime 5\n"));
}

TEST(ParseUptime, ReadsHundredths)
{
    EXPECT_EQ(parse_uptime_centiseconds("2038.36 3317.05\n").value(), 203836U);
    EXPECT_EQ(parse_uptime_centiseconds("0.07 0.00\n").value(), 7U);
    EXPECT_TRUE(parse_uptime_centiseconds(captured("node_uptime")));
    for (const char* text : {"", "12", "12.3", "12.345", ".12", "x.12", "-1.12", "18446744073709551615.12"}) {
        EXPECT_FALSE(parse_uptime_centiseconds(text)) << text;
    }
}
