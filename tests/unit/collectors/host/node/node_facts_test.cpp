// What a node is, read from trees as kernels make them.
#include "collectors/host/node/node_facts.hpp"
#include "collectors/host/node/sys_file.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured_node;
using nodescope::testing::temporary_root;

namespace {

using namespace std::string_literals;

class NodeFacts : public ::testing::Test {
protected:
    NodeFacts() { root.write("/proc/meminfo", "MemTotal: 100 kB\nSwapTotal: 50 kB\n"); }

    [[nodiscard]] node_facts read() const
    {
        auto facts = blocking_read_node_facts(root.path(), deadline::in(std::chrono::minutes(1)), abandon_flag());
        EXPECT_TRUE(facts) << facts.error();
        return facts ? std::move(*facts) : node_facts();
    }

    temporary_root root;
};

}  // namespace

TEST_F(NodeFacts, NeedsNoMoreThanItsMemory)
{
    const node_facts facts = read();

    EXPECT_EQ(facts.memory, 102400U);
    EXPECT_EQ(facts.swap, 51200U);
    EXPECT_FALSE(facts.kernel_version.empty());
    EXPECT_EQ(facts.os_name, "Unknown");
    EXPECT_EQ(facts.machine_id, "");
    EXPECT_EQ(facts.cores, 0U);
    EXPECT_EQ(facts.sockets, 1U);
    EXPECT_TRUE(facts.topology.empty());
}

TEST_F(NodeFacts, SaysWhatIsWrongWithARootThatIsNoNode)
{
    const temporary_root empty;
    const auto gone = blocking_read_node_facts(empty.path(), deadline::in(std::chrono::minutes(1)), abandon_flag());
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind(), failure::gone);
    EXPECT_EQ(gone.error().message(), "machine: read " + empty.path() + "/proc/meminfo: No such file or directory");

    empty.write("/proc/meminfo", "nothing\n");
    const auto odd = blocking_read_node_facts(empty.path(), deadline::in(std::chrono::minutes(1)), abandon_flag());
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.error().message(), "machine: meminfo: no MemTotal");
}

TEST_F(NodeFacts, StopsAtItsDeadlineAndWhenAbandoned)
{
    const auto late = blocking_read_node_facts(root.path(), deadline::in(std::chrono::seconds(0)), abandon_flag());
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().message(), "machine: not read within 0ms");
    EXPECT_EQ(late.error().kind(), failure::timed_out);

    abandon_flag abandoned;
    abandoned.raise();
    const auto left = blocking_read_node_facts(root.path(), deadline::in(std::chrono::minutes(1)), abandoned);
    ASSERT_FALSE(left);
    EXPECT_EQ(left.error().kind(), failure::cancelled);
}

TEST_F(NodeFacts, FindsEachNameTagWhereTheNodeHasIt)
{
    root.write("/etc/machine-id", " 3d1219c7c4c5404aaa1f6d2a48adfda4\n");
    root.write("/proc/sys/kernel/random/boot_id", "9b316a66-0002-4c4a-ab6a-1db61e250258\n");
    root.write("/usr/lib/os-release", captured_node("os-release"));
    node_facts facts = read();
    EXPECT_EQ(facts.machine_id, "3d1219c7c4c5404aaa1f6d2a48adfda4");
    EXPECT_EQ(facts.system_uuid, "") << "the machine id is another";
    EXPECT_EQ(facts.boot_id, "9b316a66-0002-4c4a-ab6a-1db61e250258");
    EXPECT_EQ(facts.os_name, "Debian GNU/Linux 12 (bookworm)");

    root.write("/etc/os-release", "NAME=x\n");
    root.write("/proc/device-tree/vm,uuid", "1234\0"s);
    facts = read();
    EXPECT_EQ(facts.os_name, "Linux");
    EXPECT_EQ(facts.system_uuid, "1234");

    root.write("/sys/class/dmi/id/product_uuid", "EC2E1916-9099\n");
    EXPECT_EQ(read().system_uuid, "EC2E1916-9099");

    const temporary_root dbus;
    dbus.write("/proc/meminfo", "MemTotal: 1 kB\n");
    dbus.write("/var/lib/dbus/machine-id", "abc\n");
    const auto other = blocking_read_node_facts(dbus.path(), deadline::in(std::chrono::minutes(1)), abandon_flag());
    EXPECT_EQ(other.value().machine_id, "abc");
}

TEST_F(NodeFacts, CountsProcessorsWithAndWithoutATopology)
{
    root.write("/proc/cpuinfo", captured_node("cpuinfo"));
    node_facts facts = read();
    EXPECT_EQ(facts.cpu_vendor, "GenuineIntel");
    EXPECT_EQ(facts.cores, 2U);
    EXPECT_EQ(facts.physical_cores, 2U);
#if defined(__x86_64__)
    EXPECT_EQ(facts.cpu_khz, 2000000U);
    root.write("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3500000\n");
    EXPECT_EQ(read().cpu_khz, 3500000U);
#endif
    for (const std::string cpu : {"0", "1", "2", "3"}) {
        const std::string topology = "/sys/devices/system/cpu/cpu" + cpu + "/topology/";
        root.write(topology + "core_id", "0\n");
        root.write(topology + "physical_package_id", cpu < "2" ? "0\n" : "1\n");
    }
    facts = read();
    EXPECT_EQ(facts.cores, 4U);
    EXPECT_EQ(facts.physical_cores, 2U);
    EXPECT_EQ(facts.sockets, 2U);
}

TEST_F(NodeFacts, AddsUpMemoryModulesOfAKind)
{
    const std::string controller = "/sys/devices/system/edac/mc/mc0/";
    for (const char* const slot : {"dimm0", "dimm1"}) {
        root.write(controller + slot + "/dimm_mem_type", "Registered-DDR4\n");
        root.write(controller + slot + "/size", "16384\n");
    }
    root.write(controller + "dimm2/dimm_mem_type", "Unknown\n");
    root.write(controller + "csrow0/size", "1\n");

    const auto modules = read().modules;

    ASSERT_EQ(modules.size(), 1U);
    EXPECT_EQ(modules.at("Registered-DDR4"), (memory_modules{34359738368U, 2}));
}

TEST_F(NodeFacts, ListsDisksButNoLoopsAndHiddenOnes)
{
    const auto add = [this](const std::string& name, const std::string& number) {
        root.write("/sys/block/" + name + "/dev", number + "\n");
        root.write("/sys/block/" + name + "/size", "536870912\n");
    };
    add("vda", "254:0");
    root.write("/sys/block/vda/queue/scheduler", "none [mq-deadline] kyber\n");
    add("nvme0n1", "259:1");
    add("nvme0c0n1", "259:0");
    root.write("/sys/block/nvme0c0n1/hidden", "1\n");
    for (const char* const ignored : {"loop0", "ram1", "sr0"}) add(ignored, "7:0");
    root.write("/sys/block/broken/dev", "x\n");
    add("huge", "9:9");
    root.write("/sys/block/huge/size", "18446744073709551615\n");

    const auto disks = read().disks;

    ASSERT_EQ(disks.size(), 3U);
    EXPECT_EQ(disks[0].name, "huge");
    EXPECT_EQ(disks[0].size, 18446744073709551104U);
    EXPECT_EQ(disks[1].name, "nvme0n1");
    EXPECT_EQ(disks[1].scheduler, "none");
    EXPECT_EQ(disks[2].name, "vda");
    EXPECT_EQ(disks[2].major, 254U);
    EXPECT_EQ(disks[2].size, 274877906944U);
    EXPECT_EQ(disks[2].scheduler, "mq-deadline");
}

TEST_F(NodeFacts, ListsInterfacesButThoseOfRuntimes)
{
    for (const char* const name : {"lo", "eth0", "ifb0", "veth12", "docker0", "nerdctl0"}) {
        root.write(std::string("/sys/class/net/") + name + "/address", "02:fc:00:00:00:01\n");
    }
    root.write("/sys/class/net/eth0/speed", "-1\n");
    root.write("/sys/class/net/eth0/mtu", "1400\n");
    root.write("/sys/class/net/bonding_masters", "bond0\n");

    const auto interfaces = read().interfaces;

    ASSERT_EQ(interfaces.size(), 2U);
    EXPECT_EQ(interfaces[0].name, "eth0");
    EXPECT_EQ(interfaces[0].mac_address, "02:fc:00:00:00:01");
    EXPECT_EQ(interfaces[0].speed, -1);
    EXPECT_EQ(interfaces[0].mtu, 1400);
    EXPECT_EQ(interfaces[1].name, "ifb0");
    EXPECT_EQ(interfaces[1].speed, 0);
}

TEST(SysFile, FindsNumberedNames)
{
    const auto found = numbered({"cpu10", "cpu2", "cpu", "cpufreq", "cpu-1", "node1", "cpu99999999999"}, "cpu");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0], numbered_name("cpu2", 2));
    EXPECT_EQ(found[1], numbered_name("cpu10", 10));
    EXPECT_EQ(trimmed(" \t\n\0"s), "");
    EXPECT_EQ(trimmed(" a b\0\n"s), "a b");
}
