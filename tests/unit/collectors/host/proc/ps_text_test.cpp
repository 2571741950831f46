// ps(1)'s spelling, compared with what procps-ng 4.0.2 printed.
#include "collectors/host/proc/ps_text.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace nodescope::host;

namespace {

process_stat leader()
{
    process_stat stat;
    stat.pid = 7;
    stat.state = 'S';
    stat.group = 7;
    stat.session = 7;
    stat.threads = 1;
    return stat;
}

/// The clock of the wall of a place, for one test.
class zone {
public:
    explicit zone(const char* name)
    {
        ::setenv("TZ", name, 1);
        ::tzset();
    }
    zone(const zone&) = delete;
    zone& operator=(const zone&) = delete;
    ~zone()
    {
        ::unsetenv("TZ");
        ::tzset();
    }
};

}  // namespace

TEST(PsState, WritesTheFlagsInTheirOrder)
{
    process_status status;
    process_stat stat = leader();
    EXPECT_EQ(ps_state(stat, status), "Ss");
    stat.terminal_group = 7;
    stat.threads = 3;
    stat.nice = 5;
    status.locked_bytes = 4096;
    EXPECT_EQ(ps_state(stat, status), "SNLsl+");
    stat.nice = -20;
    stat.session = 1;
    stat.state = 'R';
    EXPECT_EQ(ps_state(stat, status), "R<Ll+");
    EXPECT_EQ(ps_state(*parse_process_stat(nodescope::testing::captured("stat_kernel_thread")), process_status()), "S");
    EXPECT_EQ(ps_state(*parse_process_stat(nodescope::testing::captured("stat_zombie")), process_status()), "Z");
}

TEST(PsStartTime, ShortensByDistance)
{
    const zone here("UTC");
    const std::time_t now = 1795306445;  // 2026-11-22 00:14:05
    EXPECT_EQ(ps_start_time(now - 60, now), "00:13");
    EXPECT_EQ(ps_start_time(now - 15 * 60, now), "Nov21");
    EXPECT_EQ(ps_start_time(now - 17 * 86400, now), "Nov05");
    EXPECT_EQ(ps_start_time(now - 365 * 86400L, now), "2025");
    EXPECT_EQ(ps_start_time(0, now), "1970");
    EXPECT_EQ(ps_start_time(std::numeric_limits<std::time_t>::max(), now), "-");
}

TEST(PsStartTime, IsTheLocalOne)
{
    const zone here("CET-1");
    const std::time_t now = 1795306445;
    EXPECT_EQ(ps_start_time(now, now), "01:14");
    EXPECT_EQ(ps_start_time(now - 3600, now), "00:14");
}

TEST(PsRunningTime, NamesDaysOnlyWhenThereAreAny)
{
    EXPECT_EQ(ps_running_time(0), "00:00:00");
    EXPECT_EQ(ps_running_time(86399), "23:59:59");
    EXPECT_EQ(ps_running_time(86400), "01-00:00:00");
    EXPECT_EQ(ps_running_time(100 * 86400 + 3661), "100-01:01:01");
}

TEST(PsUser, CutsAtEight)
{
    EXPECT_EQ(ps_user(""), "");
    EXPECT_EQ(ps_user("postgres"), "postgres");
    EXPECT_EQ(ps_user("systemd-network"), "systemd+");
}

TEST(PsCommand, CutsAtFifteen)
{
    EXPECT_EQ(ps_command("kworker/R-rcu_gp"), "kworker/R-rcu_g");
    EXPECT_EQ(ps_command("a b"), "a b");
}

TEST(PsPercent, CutsTenths)
{
    EXPECT_EQ(ps_cpu_permille(1160, 100, 100.9), 116U);
    EXPECT_EQ(ps_cpu_permille(100, 100, 0.9), 0U);
    EXPECT_EQ(ps_cpu_permille(100, 100, -5), 0U);
    EXPECT_EQ(ps_cpu_permille(100, 0, 5), 0U);
    EXPECT_EQ(ps_cpu_permille(100, 100, 1e300), 0U);
    EXPECT_EQ(ps_cpu_permille(40000, 100, 100), 4000U);  // four CPUs
    EXPECT_GT(ps_cpu_permille(~0UL, 1, 1), 1000U);
    EXPECT_EQ(ps_memory_permille(1024 * 10, 1024 * 1000), 10U);
    EXPECT_EQ(ps_memory_permille(1024, 1024), 999U);
    EXPECT_EQ(ps_memory_permille(~0UL, 2048), 999U);
    EXPECT_EQ(ps_memory_permille(1024, 0), 0U);
}
