#include "collectors/host/cgroup/cgroup_text.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

using namespace nodescope::host;

namespace {

const std::string memory_stat_v1 =
    "cache 100\nrss 200\nmapped_file 10\nswap 5\npgfault 7\npgmajfault 1\ninactive_file 60\n"
    "hierarchical_memory_limit 9223372036854771712\n"
    "total_cache 1000\ntotal_rss 2000\ntotal_mapped_file 300\ntotal_swap 50\ntotal_pgfault 70\ntotal_pgmajfault 10\n"
    "total_inactive_file 600\ntotal_active_file 400\n";

// What hostile or broken texts are made of; nothing may crash or be taken for a figure.
const std::vector<std::string> nonsense{"",
                                        "\n\n\n",
                                        "max",
                                        "-1",
                                        "usage_usec",
                                        "usage_usec -5\n",
                                        "usage_usec 18446744073709551616\n",
                                        "usage_usec 5 6\n",
                                        "usage_usec  5\n",
                                        std::string(100'000, '9'),
                                        std::string(100'000, ' '),
                                        std::string(100'000, ':'),
                                        std::string("\0\0\0", 3),
                                        "259:0 rbytes=\n",
                                        "259:0 rbytes=x\n",
                                        "259: rbytes=1\n",
                                        ":0 rbytes=1\n",
                                        "4294967296:0 rbytes=1\n",
                                        "8:0 Read\n",
                                        "8:0 Read -1\n",
                                        "8:0\n"};

const io_entry* entry(const io_usage& io, io_list list, std::uint32_t major, std::uint32_t minor)
{
    for (const io_entry& one : io) {
        if (one.list == list && one.major == major && one.minor == minor) return &one;
    }
    return nullptr;
}

}  // namespace

TEST(CgroupText, AFigureIsANumberOrMax)
{
    EXPECT_EQ(parse_figure("4096\n"), 4096U);
    EXPECT_EQ(parse_figure("18446744073709551615"), ~std::uint64_t{0});
    EXPECT_EQ(parse_figure("max\n"), cgroup_limits::unlimited);
    for (const char* text : {"", "\n", "-1\n", "maximum", "0x10", "18446744073709551616"}) {
        EXPECT_EQ(parse_figure(text), std::nullopt) << text;
    }
}

TEST(CgroupText, ReadsTheCpuTimesOfVersionOne)
{
    cpu_usage cpu;
    parse_cpu_stat_v1("nr_periods 444\nnr_throttled 210\nthrottled_time 8012690978\nnr_bursts 3\nburst_time 9\n", cpu);
    parse_cpuacct_stat("user 1438\nsystem 11\n", cpu);
    cpu.per_cpu = parse_cpu_list("14498294028 0 \n");

    EXPECT_EQ(cpu.periods, 444U);
    EXPECT_EQ(cpu.throttled_periods, 210U);
    EXPECT_EQ(cpu.throttled_time, 8012690978U);
    EXPECT_EQ(cpu.burst_periods, 3U);
    EXPECT_EQ(cpu.burst_time, 9U);
    EXPECT_EQ(cpu.user, 14'380'000'000U);
    EXPECT_EQ(cpu.system, 110'000'000U);
    EXPECT_EQ(cpu.per_cpu, (std::vector<std::uint64_t>{14498294028U, 0}));
    EXPECT_TRUE(parse_cpu_list("1 x 2").empty());
    EXPECT_EQ(parse_cpu_list(std::string(8192, '1') + " 2").size(), 0U);
}

TEST(CgroupText, ReadsTheCpuTimesOfVersionTwo)
{
    cpu_usage cpu;
    EXPECT_TRUE(
        parse_cpu_stat_v2("usage_usec 17803032\nuser_usec 10490389\nsystem_usec 7312643\nnr_periods 356\n"
                          "nr_throttled 354\nthrottled_usec 17513630\nnr_bursts 2\nburst_usec 4\n",
                          cpu));
    EXPECT_EQ(cpu.total, 17803032000U);
    EXPECT_EQ(cpu.user, 10490389000U);
    EXPECT_EQ(cpu.system, 7312643000U);
    EXPECT_EQ(cpu.periods, 356U);
    EXPECT_EQ(cpu.throttled_periods, 354U);
    EXPECT_EQ(cpu.throttled_time, 17513630000U);
    EXPECT_EQ(cpu.burst_periods, 2U);
    EXPECT_EQ(cpu.burst_time, 4000U);
    EXPECT_FALSE(parse_cpu_stat_v2("user_usec 1\n", cpu));
}

// Sums where the kernel counts what is below, page faults always without.
TEST(CgroupText, ReadsTheMemoryOfVersionOne)
{
    memory_usage memory;
    memory.usage = 5000;
    EXPECT_TRUE(parse_memory_stat_v1(memory_stat_v1, true, memory));
    set_working_set(memory);
    EXPECT_EQ(memory.cache, 1000U);
    EXPECT_EQ(memory.rss, 2000U);
    EXPECT_EQ(memory.mapped_file, 300U);
    EXPECT_EQ(memory.swap, 50U);
    EXPECT_EQ(memory.page_faults, 7U);
    EXPECT_EQ(memory.major_page_faults, 1U);
    EXPECT_EQ(memory.active_file, 400U);
    EXPECT_EQ(memory.working_set, 4400U);

    memory_usage own;
    own.usage = 500;
    EXPECT_TRUE(parse_memory_stat_v1(memory_stat_v1, false, own));
    set_working_set(own);
    EXPECT_EQ(own.cache, 100U);
    EXPECT_EQ(own.rss, 200U);
    EXPECT_EQ(own.mapped_file, 10U);
    EXPECT_EQ(own.swap, 5U);
    EXPECT_EQ(own.inactive_file, 600U);
    EXPECT_EQ(own.working_set, 0U);
}

TEST(CgroupText, ReadsTheMemoryOfVersionTwo)
{
    memory_usage memory;
    EXPECT_TRUE(
        parse_memory_stat_v2("anon 1\nfile 2\nfile_mapped 3\nfile_dirty 4\nfile_writeback 5\ninactive_file 6\n"
                             "active_file 7\nworkingset_refault_anon 8\nworkingset_refault_file 9\npgscan 10\n"
                             "pgsteal 11\npgscan_direct 99\npgfault 12\npgmajfault 13\n",
                             memory));
    parse_memory_events("low 1\nhigh 155\nmax 14\noom 2\noom_kill 3\noom_group_kill 4\n", memory);
    parse_swap_events("high 15\nmax 16\nfail 17\n", memory);
    memory_usage expected;
    expected.has_events = true;
    expected.low_events = 1;
    expected.oom_events = 2;
    expected.oom_kill_events = 3;
    expected.oom_group_kill_events = 4;
    expected.has_swap_events = true;
    expected.swap_high_events = 15;
    expected.swap_max_events = 16;
    expected.swap_fail_events = 17;
    expected.rss = 1;
    expected.cache = 2;
    expected.mapped_file = 3;
    expected.file_dirty = 4;
    expected.file_writeback = 5;
    expected.inactive_file = 6;
    expected.active_file = 7;
    expected.refaults_anon = 8;
    expected.refaults_file = 9;
    expected.pages_scanned = 10;
    expected.pages_stolen = 11;
    expected.page_faults = 12;
    expected.major_page_faults = 13;
    expected.high_events = 155;
    expected.max_events = expected.fail_count = 14;
    EXPECT_EQ(memory, expected);
}

TEST(CgroupText, KernelMemoryOfVersionTwoIsSaidOrTheSumOfItsParts)
{
    memory_usage memory;
    EXPECT_TRUE(parse_memory_stat_v2("anon 1\nkernel 5000000\nslab 4000000\npercpu 7\n", memory));
    EXPECT_EQ(memory.kernel, 5'000'000U);
    memory = {};
    EXPECT_TRUE(parse_memory_stat_v2("kernel_stack 1\npagetables 20\npercpu 300\nsock 9\nslab 4000\n", memory));
    EXPECT_EQ(memory.kernel, 4321U);
    memory = {};
    EXPECT_FALSE(parse_memory_stat_v2("sock 9\n", memory));
    EXPECT_EQ(memory.kernel, 0U);
}

TEST(CgroupText, ReadsBlockIoOfVersionOne)
{
    io_usage io;
    parse_blkio(
        "254:0 Read 3072000\n254:0 Write 3346432\n254:0 Sync 6418432\n254:0 Async 0\n254:0 Discard 0\n"
        "254:0 Total 6418432\n8:16 Read 1\nTotal 6418433\n",
        io_list::service_bytes, io);
    parse_blkio("8:0 77\n", io_list::sectors, io);
    sort_io(io);
    ASSERT_EQ(io.size(), 3U);
    EXPECT_EQ(io[0].major, 8U);  // sorted by device
    EXPECT_EQ(io[0].minor, 16U);
    EXPECT_TRUE(io[0].has(io_operation::read));
    EXPECT_FALSE(io[0].has(io_operation::write));
    const io_entry* const disk = entry(io, io_list::service_bytes, 254, 0);
    ASSERT_NE(disk, nullptr);
    EXPECT_EQ(disk->value, (std::array<std::uint64_t, 7>{0, 0, 0, 3072000, 6418432, 6418432, 3346432}));
    EXPECT_FALSE(disk->has(io_operation::count));
    const io_entry* const sectors = entry(io, io_list::sectors, 8, 0);
    ASSERT_NE(sectors, nullptr);
    EXPECT_TRUE(sectors->has(io_operation::count));
    EXPECT_EQ(sectors->value[static_cast<std::size_t>(io_operation::count)], 77U);

    io_usage none;
    parse_blkio("Total 0\n", io_list::serviced, none);
    EXPECT_TRUE(none.empty());
}

TEST(CgroupText, ReadsBlockIoOfVersionTwo)
{
    io_usage io;
    parse_io_stat(
        "259:0 rbytes=62917632 wbytes=63162368 rios=123 wios=513 dbytes=0 dios=0 cost.vrate=100.00 "
        "cost.usage=294488 cost.wait=1 cost.indebt=2 cost.indelay=3\n8:0 \n253:1 rbytes=5\n",
        io);
    sort_io(io);
    ASSERT_EQ(io.size(), 7U);
    const io_entry* const bytes = entry(io, io_list::service_bytes, 259, 0);
    ASSERT_NE(bytes, nullptr);
    EXPECT_EQ(bytes->value[static_cast<std::size_t>(io_operation::read)], 62917632U);
    EXPECT_EQ(bytes->value[static_cast<std::size_t>(io_operation::write)], 63162368U);
    EXPECT_FALSE(bytes->has(io_operation::total));
    EXPECT_FALSE(bytes->has(io_operation::discard));
    const io_entry* const requests = entry(io, io_list::serviced, 259, 0);
    ASSERT_NE(requests, nullptr);
    EXPECT_EQ(requests->value[static_cast<std::size_t>(io_operation::write)], 513U);
    const io_entry* const indebt = entry(io, io_list::cost_indebt, 259, 0);
    ASSERT_NE(indebt, nullptr);
    EXPECT_EQ(indebt->value[static_cast<std::size_t>(io_operation::count)], 2U);
    EXPECT_EQ(entry(io, io_list::service_bytes, 8, 0), nullptr);
}

TEST(CgroupText, FiguresOfAnIoLineAreOfTheLastDeviceBeforeThem)
{
    const auto read_of = [](std::string_view text) {
        io_usage io;
        parse_io_stat(text, io);
        std::string all;
        for (const io_entry& one : io) {
            all +=
                fmt::format("{}:{}={} ", one.major, one.minor, one.value[static_cast<std::size_t>(io_operation::read)]);
        }
        return all;
    };
    EXPECT_EQ(read_of("7:7 7:6 7:5 8:0 rbytes=28672\n253:1 rbytes=5\n"), "8:0=28672 253:1=5 ");
    EXPECT_EQ(read_of("(unknown) 8:0 rbytes=1\n"), "8:0=1 ");
    EXPECT_EQ(read_of("8:0 (unknown) rbytes=1\n"), "") << "that of the one that is going away";
    EXPECT_EQ(read_of("8:0 rbytes=1 rbytes_new=2 8:16 rbytes=3\n"), "8:0=1 8:16=3 ");
}

TEST(CgroupText, BoundsTheNumberOfEntries)
{
    std::string text;
    for (std::size_t i = 0; i < io_entry_limit + 10; ++i) text += std::to_string(i) + ":0 rbytes=1\n";
    io_usage io;
    parse_io_stat(text, io);
    EXPECT_EQ(io.size(), io_entry_limit);
    parse_blkio("1:1 Read 1\n", io_list::merged, io);
    EXPECT_EQ(io.size(), io_entry_limit);
}

TEST(CgroupText, ReadsPressure)
{
    const auto both = parse_pressure(
        "some avg10=76.99 avg60=33.15 avg300=8.39 total=26885765\n"
        "full avg10=47.47 avg60=21.14 avg300=5.38 total=17623754\n");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->some.total, 26885765U);
    EXPECT_EQ(both->some.avg10, 76.99);
    EXPECT_EQ(both->some.avg60, 33.15);
    EXPECT_EQ(both->full.avg300, 5.38);
    EXPECT_EQ(both->full.total, 17623754U);

    const auto old = parse_pressure("some avg10=1.00 avg60=0.00 avg300=0.00 total=3\n");
    ASSERT_TRUE(old);
    EXPECT_EQ(old->full, pressure_line());

    // A number that JSON has no word for must not come out.
    const auto hostile = parse_pressure("some avg10=nan avg60=inf avg300=-1 total=-1\n");
    ASSERT_TRUE(hostile);
    EXPECT_EQ(hostile->some, pressure_line());
    EXPECT_FALSE(parse_pressure("full avg10=1.00\n"));
    EXPECT_FALSE(parse_pressure(""));
}

TEST(CgroupText, ReadsLimits)
{
    cgroup_limits limits;
    parse_cpu_max("50000 100000\n", limits);
    EXPECT_EQ(limits.cpu_quota, 50'000U);
    EXPECT_EQ(limits.cpu_period, 100'000U);
    parse_cpu_max("max 100000\n", limits);
    EXPECT_EQ(limits.cpu_quota, std::nullopt);
    parse_cpu_max("", limits);
    EXPECT_EQ(limits.cpu_period, 0U);

    EXPECT_EQ(shares_of_weight(100), 1024U);
    EXPECT_EQ(shares_of_weight(173), 1772U);
    EXPECT_EQ(shares_of_weight(1), 10U);
    EXPECT_EQ(shares_of_weight(10'000), 102'400U);
    EXPECT_EQ(shares_of_weight(0), 0U);
    EXPECT_EQ(shares_of_weight(~std::uint64_t{0}), 102'400U);
}

TEST(CgroupText, NonsenseHasNoFigures)
{
    for (const std::string& text : nonsense) {
        cpu_usage cpu;
        memory_usage memory;
        io_usage io;
        EXPECT_FALSE(parse_cpu_stat_v2(text, cpu)) << text.substr(0, 50);
        parse_cpu_stat_v1(text, cpu);
        parse_cpuacct_stat(text, cpu);
        EXPECT_FALSE(parse_memory_stat_v1(text, true, memory));
        EXPECT_FALSE(parse_memory_stat_v2(text, memory));
        parse_memory_events(text, memory);
        parse_swap_events(text, memory);
        parse_blkio(text, io_list::serviced, io);
        parse_io_stat(text, io);
        EXPECT_EQ(cpu, cpu_usage());
        EXPECT_EQ(memory, memory_usage());
        EXPECT_TRUE(io.empty()) << text.substr(0, 50);
        EXPECT_FALSE(parse_pressure(text));
    }
}

TEST(CgroupText, ATextCutAnywhereHasNoOtherFigures)
{
    memory_usage whole;
    parse_memory_stat_v1(memory_stat_v1, true, whole);
    for (std::size_t length = 0; length <= memory_stat_v1.size(); ++length) {
        memory_usage cut;
        parse_memory_stat_v1(memory_stat_v1.substr(0, length), true, cut);
        EXPECT_LE(cut.cache, whole.cache);
        EXPECT_LE(cut.active_file, whole.active_file);
    }
    const std::string io_stat = "259:0 rbytes=62917632 wbytes=63162368 rios=123 wios=513\n";
    for (std::size_t length = 0; length <= io_stat.size(); ++length) {
        io_usage io;
        parse_io_stat(io_stat.substr(0, length), io);
        EXPECT_LE(io.size(), 2U);
        parse_blkio(io_stat.substr(0, length), io_list::serviced, io);
    }
}

TEST(CgroupText, FindsTheKillsThatTheKernelCounts)
{
    EXPECT_EQ(parse_oom_kills("low 0\nhigh 0\nmax 9\noom 3\noom_kill 2\noom_group_kill 1\n"), 2U);
    EXPECT_EQ(parse_oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"), 4U);
    EXPECT_EQ(parse_oom_kills("oom_kill_disable 1\nunder_oom 0\n"), std::nullopt) << "before Linux 4.13";
}
