// NUMA nodes, cores and caches from trees as kernels make them.
#include "collectors/host/node/cpu_topology.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <string>

using namespace nodescope::host;
using nodescope::testing::captured_node;
using nodescope::testing::temporary_root;

namespace {

class CpuTopology : public ::testing::Test {
protected:
    struct cache {
        int level;
        const char* type;
        const char* size;
        const char* mask;
    };

    void add_cpu(int number, int core, int socket, int node, const std::vector<cache>& caches)
    {
        const std::string cpu = cpus + "/cpu" + std::to_string(number);
        root.write(cpu + "/topology/core_id", std::to_string(core) + "\n");
        root.write(cpu + "/topology/physical_package_id", std::to_string(socket) + "\n");
        int index = 0;
        for (const cache& one : caches) {
            const std::string directory = cpu + "/cache/index" + std::to_string(index++);
            root.write(directory + "/level", std::to_string(one.level) + "\n");
            root.write(directory + "/type", std::string(one.type) + "\n");
            root.write(directory + "/size", std::string(one.size) + "\n");
            root.write(directory + "/shared_cpu_map", std::string(one.mask) + "\n");
            root.write(directory + "/id", std::to_string(socket) + "\n");
        }
        if (node >= 0) {
            const std::string name = "cpu" + std::to_string(number);
            root.link(nodes + "/node" + std::to_string(node) + "/" + name, "../../cpu/" + name);
        }
    }

    [[nodiscard]] std::vector<numa_node> read() const { return blocking_read_topology(root.path()); }

    const std::string cpus = "/sys/devices/system/cpu";
    const std::string nodes = "/sys/devices/system/node";
    temporary_root root;
};

}  // namespace

// Two sockets with two cores of two threads, Level 3 per socket.
TEST_F(CpuTopology, GivesEachCacheToWhoSharesIt)
{
    for (int cpu = 0; cpu < 8; ++cpu) {
        const int socket = cpu % 2;
        const int core = cpu / 2 % 2;
        const std::string pair = core == 0 ? (socket == 0 ? "11" : "22") : (socket == 0 ? "44" : "88");
        const std::string all = socket == 0 ? "00000055" : "000000aa";
        add_cpu(cpu, core, socket, socket,
                {{1, "Data", "48K", pair.c_str()},
                 {2, "Unified", "2M", pair.c_str()},
                 {2, "Unified", "9M", all.c_str()},
                 {3, "Unified", "105M", all.c_str()}});
    }
    root.write(nodes + "/node0/meminfo", captured_node("numa_meminfo"));
    root.write(nodes + "/node0/distance", "10 21\n");
    root.write(nodes + "/node0/hugepages/hugepages-2048kB/nr_hugepages", "7\n");
    root.write(nodes + "/node0/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");

    const auto found = read();

    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].id, 0);
    EXPECT_EQ(found[0].memory, 19882564UL * 1024UL);
    EXPECT_EQ(found[0].distances, (std::vector<std::uint64_t>{10, 21}));
    ASSERT_EQ(found[0].huge_pages.size(), 2U);
    EXPECT_EQ(found[0].huge_pages[0], huge_page_pool(1048576, 0));
    EXPECT_EQ(found[0].huge_pages[1], huge_page_pool(2048, 7));
    ASSERT_EQ(found[0].cores.size(), 2U);
    EXPECT_EQ(found[0].cores[1].threads, (std::vector<int>{2, 6}));
    ASSERT_EQ(found[0].cores[1].caches.size(), 2U);
    EXPECT_EQ(found[0].cores[1].caches[0].size, 49152U);
    EXPECT_EQ(found[0].cores[1].caches[1].type, "Unified");
    ASSERT_EQ(found[0].caches.size(), 1U);
    EXPECT_EQ(found[0].caches[0].level, 3);
    EXPECT_EQ(found[1].cores[0].socket, 1);
    EXPECT_EQ(found[1].cores[0].threads, (std::vector<int>{1, 5}));
    EXPECT_EQ(found[1].memory, 0U);
}

TEST_F(CpuTopology, GivesPartlySharedLevelThreeToTheCores)
{
    for (int cpu = 0; cpu < 4; ++cpu) add_cpu(cpu, cpu, 0, 0, {{3, "Unified", "16M", cpu < 2 ? "3" : "c"}});

    const auto found = read();

    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].caches.empty());
    ASSERT_EQ(found[0].cores.size(), 4U);
    for (const cpu_core& core : found[0].cores) EXPECT_EQ(core.uncore_caches.size(), 1U);
}

TEST_F(CpuTopology, ListsNodesByNumberAndThoseWithoutCpus)
{
    add_cpu(0, 0, 0, 2, {});
    add_cpu(1, 0, 0, 2, {});
    root.write(cpus + "/cpu1/online", "0\n");
    root.write(nodes + "/node10/meminfo", "Node 10 MemTotal: 4 kB\n");
    root.write(nodes + "/nodes/meminfo", "");

    const auto found = read();

    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].id, 2);
    ASSERT_EQ(found[0].cores.size(), 1U);
    EXPECT_EQ(found[0].cores[0].threads, std::vector<int>{0});
    EXPECT_EQ(found[1].id, 10);
    EXPECT_EQ(found[1].memory, 4096U);
    EXPECT_TRUE(found[1].cores.empty());
}

TEST_F(CpuTopology, TakesPackagesForNodesWithoutNuma)
{
    add_cpu(0, 0, 0, -1, {});
    add_cpu(1, 0, 3, -1, {});
    root.write(cpus + "/cpufreq/x", "");

    const auto found = read();

    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].id, 0);
    EXPECT_EQ(found[1].id, 3);
    EXPECT_EQ(found[1].cores.at(0).threads, std::vector<int>{1});
}

TEST_F(CpuTopology, LeavesOutWhatDoesNotParse)
{
    EXPECT_TRUE(read().empty());
    add_cpu(0, 0, 0, 0, {{1, "Data", "many", "1"}, {1, "Data", "1K", "zz"}, {2, "Unified", "1K", "1"}});
    root.write(cpus + "/cpu1/topology/core_id", "-\n");
    root.link(nodes + "/node0/cpu1", "../../cpu/cpu1");
    root.write(nodes + "/node0/distance", "10 far 20\n");
    root.write(nodes + "/node0/hugepages/hugepages-xkB/nr_hugepages", "1\n");
    root.write(nodes + "/node0/hugepages/hugepages-/nr_hugepages", "1\n");
    root.write(nodes + "/node0/hugepages/hugepages-4kB/nr_hugepages", "many\n");

    const auto found = read();

    ASSERT_EQ(found.size(), 1U);
    ASSERT_EQ(found[0].cores.size(), 2U);
    EXPECT_EQ(found[0].cores[0].caches.size(), 1U);
    EXPECT_EQ(found[0].cores[1].threads, std::vector<int>{1}) << "a core of its own, as nobody says whose it is";
    EXPECT_EQ(found[0].distances, std::vector<std::uint64_t>{10});
    EXPECT_TRUE(found[0].huge_pages.empty());
}
