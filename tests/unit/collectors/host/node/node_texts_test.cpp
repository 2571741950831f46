// The texts by which a node describes itself.
#include "collectors/host/node/node_texts.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured_node;

namespace {

constexpr std::string_view meminfo =
    "MemTotal:       24682416 kB\nMemFree:         1 kB\nSwapTotal:          2048 kB\n";

/// Calls `read` with every beginning of `text`, and with bytes that no kernel writes: it must come back.
template <class Read>
void survive_mutilation(const std::string& text, Read read)
{
    for (std::size_t length = 0; length <= text.size(); ++length) read(std::string_view(text).substr(0, length));
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string wrong = text;
        wrong[at] = '\xff';
        read(wrong);
        wrong[at] = '\0';
        read(wrong);
    }
    read(std::string(100'000, ':'));
    read(std::string(100'000, '9'));
}

}  // namespace

TEST(ParseMeminfo, ReadsTheNodesText)
{
    EXPECT_EQ(parse_meminfo(captured_node("meminfo"), "MemTotal"), 24682416UL * 1024UL);
    EXPECT_EQ(parse_meminfo(captured_node("meminfo"), "SwapTotal"), 0U);
    EXPECT_EQ(parse_meminfo(meminfo, "SwapTotal"), 2048U * 1024U);
    EXPECT_EQ(parse_meminfo("SwapTotal:\t2 kB\n", "SwapTotal"), 2048U);
    EXPECT_EQ(parse_meminfo(meminfo, "Mem"), 0U);
}

TEST(ParseMeminfo, IsZeroWhereThereIsNoNumber)
{
    for (const std::string_view text :
         {"", "MemTotal", "MemTotal:", "MemTotal: 12", "MemTotal: x kB", "MemTotal: -1 kB",
          "MemTotal: 99999999999999999999 kB", "MemTotal: 18446744073709551615 kB", "XMemTotal: 12 kB",
          "MemTotal: 0 kB", "SwapTotal: 5 kB\n"}) {
        EXPECT_EQ(parse_meminfo(text, "MemTotal"), 0U) << text;
    }
    survive_mutilation(std::string(meminfo), [](std::string_view text) { (void)parse_meminfo(text, "MemTotal"); });
}

TEST(ParseMeminfo, ReadsTheTextOfANumaNode)
{
    EXPECT_EQ(parse_meminfo(captured_node("numa_meminfo"), "MemTotal"), 19882564UL * 1024UL);
    EXPECT_EQ(parse_meminfo("Node 12 MemTotal:  3 kB\n", "MemTotal"), 3072U);
    EXPECT_EQ(parse_meminfo("Node 0 MemTotal: kB\nNode 0 MemTotal: 5 kB", "MemTotal"), 0U);
}

TEST(ParseCpuinfo, ReadsTheNodesText)
{
    const cpu_summary summary = parse_cpuinfo(captured_node("cpuinfo"));
    EXPECT_EQ(summary.vendor, "GenuineIntel");
    EXPECT_EQ(summary.processors, 2U);
    EXPECT_EQ(summary.first_khz, 2000000U);
    survive_mutilation(captured_node("cpuinfo").substr(0, 400),
                       [](std::string_view text) { (void)parse_cpuinfo(text); });
}

TEST(ParseCpuinfo, CutsTheClockToWholeKilohertz)
{
    EXPECT_EQ(parse_cpuinfo("cpu MHz\t\t: 2394.4567\ncpu MHz : 1.0\n").first_khz, 2394456U);
    EXPECT_EQ(parse_cpuinfo("clock\t\t: 3425.5MHz\n").first_khz, 3425500U);  // POWER
    for (const std::string_view none : {"cpu MHz : ", "cpu MHz : 2000", "cpu MHz : x.5", "cpu MHz : 1234567890.0"}) {
        EXPECT_EQ(parse_cpuinfo(none).first_khz, 0U) << none;
    }
    EXPECT_EQ(parse_cpuinfo("processor 0: version = FF\nprocessor 1: version = FF\n").processors, 2U);  // s390x
    EXPECT_EQ(parse_cpuinfo("processor :\nprocessors : 4\n"), cpu_summary());
}

TEST(ParseOsName, TakesTheQuotesOff)
{
    EXPECT_EQ(parse_os_name(captured_node("os-release")), "Debian GNU/Linux 12 (bookworm)");
    EXPECT_EQ(parse_os_name("NAME=x\nPRETTY_NAME='Alpine v3.19'"), "Alpine v3.19");
    EXPECT_EQ(parse_os_name("PRETTY_NAME=Plain\n"), "Plain");
    EXPECT_EQ(parse_os_name("PRETTY_NAME=\"half"), "\"half");
    EXPECT_EQ(parse_os_name("PRETTY_NAME=\"\"\n"), "");
    EXPECT_EQ(parse_os_name("PRETTY_NAME=\"\n"), "\"");
    EXPECT_EQ(parse_os_name("NOT_PRETTY_NAME=x\n"), std::nullopt);
    EXPECT_EQ(parse_os_name(""), std::nullopt);
}

TEST(ParseUserNames, TakesTheFirstNameOfANumber)
{
    const auto names = parse_user_names(
        "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\n# comment:x:5:\n:x:7:7:\nno colons\nhalf:x\nhalf:x:9\n"
        "bad:x:-1:\nbad:x:4294967296:\nlast:x:4294967294:1");
    const std::map<uid_t, std::string> expected{{0, "root"}, {4294967294U, "last"}};
    EXPECT_EQ(names, expected);
    survive_mutilation("root:x:0:0:root:/root:/bin/sh\nbin:x:2:2::/:\n",
                       [](std::string_view text) { (void)parse_user_names(text); });
}

TEST(ParseCacheSize, KnowsTheKernelsUnits)
{
    EXPECT_EQ(parse_cache_size("107520K"), 110100480U);
    EXPECT_EQ(parse_cache_size("2M"), 2097152U);
    EXPECT_EQ(parse_cache_size("1G"), 1073741824U);
    EXPECT_EQ(parse_cache_size("64"), 64U);
    for (const std::string_view wrong : {"", "K", "-1K", "1T", "1 K", "18446744073709551615K", "0x10K"}) {
        EXPECT_EQ(parse_cache_size(wrong), std::nullopt) << wrong;
    }
}

TEST(CountCpuMask, CountsBitsOfAllGroups)
{
    EXPECT_EQ(count_cpu_mask("3"), 2U);
    EXPECT_EQ(count_cpu_mask("ff,00000003"), 10U);
    EXPECT_EQ(count_cpu_mask("00000000"), 0U);
    for (const std::string_view wrong : {"", ",", "0-3", "g", "f f"})
        EXPECT_EQ(count_cpu_mask(wrong), std::nullopt) << wrong;
}

TEST(ParseScheduler, TakesTheWordInBrackets)
{
    EXPECT_EQ(parse_scheduler("none [mq-deadline] kyber bfq "), "mq-deadline");
    EXPECT_EQ(parse_scheduler("[none] mq-deadline"), "none");
    for (const std::string_view none : {"", "none", "[]", "]x[", "[x"})
        EXPECT_EQ(parse_scheduler(none), "none") << none;
}

TEST(ParseDeviceNumber, TakesTwoNumbers)
{
    EXPECT_EQ(parse_device_number("254:0"), (std::pair<std::uint32_t, std::uint32_t>(254, 0)));
    for (const std::string_view wrong : {"", ":", "1:", ":1", "1:2:3", "-1:0", "1:4294967296", "a:b"}) {
        EXPECT_EQ(parse_device_number(wrong), std::nullopt) << wrong;
    }
}

// The memory controller's path on v1, the "0::" line on v2.
