// The processes of a cgroup from trees as kernels make them.
#include "collectors/cadvisor/process_table.hpp"

#include "collectors/host/cgroup/cgroup_walk.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <filesystem>
#include <future>
#include <string>

using namespace nodescope;
using namespace nodescope::cadvisor;
using nodescope::testing::captured;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;

namespace {

const auto table_limit = deadline::in(std::chrono::hours(1));

class ProcessTable : public ::testing::Test {
protected:
    ProcessTable()
    {
        // Up for 2138 s; the process below began 2038 s after the boot.
        root.write("/proc/stat", captured("node_stat"));
        root.write("/proc/uptime", "2138.10 3317.05\n");
        root.write("/proc/meminfo", "MemTotal: 13760 kB\n");
        root.write("/etc/passwd", "root:x:0:0::/:\nverylongname:x:1000:1000::/:\n");
        options.root = root.path();
    }

    void add(int pid, const std::string& cgroup, const std::string& status, int descriptors = 3)
    {
        const std::string directory = "/proc/" + std::to_string(pid);
        root.write(directory + "/stat",
                   std::to_string(pid) +
                       " (a) b) S 17187 17209 17209 0 -1 4194560 1099 0 0 0 150 55 0 0 20 -5 1 0 203810 2322432 324 "
                       "18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n");
        root.write(directory + "/status", status);
        root.write(directory + "/cgroup", "4:memory:" + cgroup + "\n0::/\n");
        for (int i = 0; i < descriptors; ++i) root.write(directory + "/fd/" + std::to_string(i), "");
    }

    [[nodiscard]] result<process_table> read(const std::string& cgroup) const
    {
        return blocking_read_process_table(options, cgroup, table_limit, abandon_flag());
    }

    temporary_root root;
    process_table_options options;
};

}  // namespace

TEST_F(ProcessTable, TellsAProcessAsPsDoes)
{
    add(17209, "/docker/abc", captured("status_container"));

    const auto table = read("/docker/abc");

    ASSERT_TRUE(table) << table.error();
    ASSERT_EQ(table->rows.size(), 1U);
    const process_row& row = table->rows.front();
    EXPECT_EQ(row.user, "root");
    EXPECT_EQ(row.pid, 17209);
    EXPECT_EQ(row.parent, 17187);
    EXPECT_EQ(row.percent_cpu, 2.0F);  // 2.05 s of 100 s
    EXPECT_EQ(row.percent_memory, 10.0F);
    EXPECT_EQ(row.rss, 1376U * 1024U);
    EXPECT_EQ(row.vms, 2268U * 1024U);
    EXPECT_EQ(row.status, "S<s");
    EXPECT_EQ(row.running_time, "00:00:02");
    EXPECT_EQ(row.cgroup_path, "");
    EXPECT_EQ(row.command, "a) b");
    EXPECT_GE(row.fd_count, 3U);  // a real directory's size is no count of descriptors
    EXPECT_EQ(row.cpu, 1);
}

TEST_F(ProcessTable, ListsThoseDirectlyInACgroup)
{
    add(7, "/", captured("status_container"));
    add(8, "/docker", captured("status_container"));
    add(9, "/docker/abc", captured("status_container"));
    add(10, "/docker/abcdef", captured("status_container"));

    ASSERT_EQ(read("/docker/abc")->rows.size(), 1U);
    EXPECT_EQ(read("/docker/abc")->rows.front().pid, 9);
    EXPECT_EQ(read("/docker")->rows.size(), 1U);
    EXPECT_TRUE(read("/dock")->rows.empty());

    const auto all = read("/");
    ASSERT_EQ(all->rows.size(), 4U);
    EXPECT_EQ(all->rows.at(0).cgroup_path, "/");
    EXPECT_EQ(all->rows.at(3).cgroup_path, "/docker/abcdef");
}

TEST_F(ProcessTable, HasABudgetForLongPaths)
{
    options.ordinary_path_bytes = 20;
    options.long_paths_bytes = 100;
    const std::string status = captured("status_container");
    add(7, "/" + std::string(60, 'a'), status);
    add(8, "/" + std::string(60, 'b'), status);
    add(9, "/docker", status);
    add(10, "/\x01\x01\x01\x01", status);  // six bytes each in the answer
    add(11, "/\x01\x01\x01\x01\x01\x01\x01", status);
    add(12, "/" + std::string(host::cgroup_path_limit, 'c'), status);  // never, however much room there is

    const auto all = read("/");

    ASSERT_EQ(all->rows.size(), 6U);
    EXPECT_EQ(all->paths_left_out, 3U);
    EXPECT_EQ(all->rows.at(0).cgroup_path.size(), 61U);
    EXPECT_EQ(all->rows.at(1).cgroup_path, "");
    EXPECT_EQ(all->rows.at(2).cgroup_path, "/docker");
    EXPECT_EQ(all->rows.at(3).cgroup_path.size(), 5U);
    EXPECT_EQ(all->rows.at(4).cgroup_path, "");
    EXPECT_EQ(all->rows.at(5).cgroup_path, "");
}

TEST_F(ProcessTable, NamesUsersAsTheNodeDoes)
{
    add(7, "/", "Tgid:\t7\nUid:\t0\t1000\t0\t0\n");
    add(8, "/", "Tgid:\t8\nUid:\t0\t4294967294\t0\t0\n");
    add(9, "/", "Tgid:\t9\n");

    auto table = read("/");

    ASSERT_EQ(table->rows.size(), 3U);
    EXPECT_EQ(table->rows.at(0).user, "verylon+");
    EXPECT_EQ(table->rows.at(1).user, "4294967+");
    EXPECT_EQ(table->rows.at(2).user, "?");

    std::filesystem::remove(root.path() + "/etc/passwd");
    std::filesystem::remove(root.path() + "/proc/meminfo");
    table = read("/");
    EXPECT_EQ(table->rows.at(0).user, "1000");
    EXPECT_EQ(table->rows.at(0).percent_memory, 0.0F);
}

TEST_F(ProcessTable, TakesThoseOfTheCgroupsListsAndThoseThatSaySoThemselves)
{
    root.write("/proc/1/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    root.write("/sys/fs/cgroup/x/cgroup.procs", "7\n");
    root.write("/sys/fs/cgroup/x/below/cgroup.procs", "8\n");
    add(7, "/../x", captured("status_container"));  // as seen from a cgroup namespace
    add(8, "/x/below", captured("status_container"));
    add(9, "/x", captured("status_container"));  // beyond what is looked at of the list
    add(10, "/y", captured("status_container"));
    std::vector<pid_t> found;
    for (const auto& row : read("/x")->rows) found.push_back(row.pid);
    EXPECT_EQ(found, (std::vector<pid_t>{7, 8, 9}));
}

TEST_F(ProcessTable, DescriptorsThatCannotBeReadCostNoRow)
{
    add(7, "/x", captured("status_container"), 0);  // no fd directory
    const auto table = read("/x");
    ASSERT_EQ(table->rows.size(), 1U);
    EXPECT_EQ(table->rows.front().pid, 7);
    EXPECT_FALSE(table->rows.front().fd_count);
}

TEST_F(ProcessTable, LeavesOutWhatCannotBeRead)
{
    add(8, "/x", "");
    add(9, "/x", captured("status_container"));
    root.write("/proc/9/stat", "9 (cut");
    root.write("/proc/10/stat", "");  // no cgroup

    EXPECT_TRUE(read("/x")->rows.empty());
    EXPECT_TRUE(read("/")->rows.empty());
}

TEST_F(ProcessTable, StopsAtItsLimits)
{
    for (int pid = 2; pid < 7; ++pid) add(pid, "/x", captured("status_container"));
    options.process_limit = 2;
    EXPECT_EQ(read("/x")->rows.size(), 2U);

    const auto late = blocking_read_process_table(options, "/x", deadline::in(std::chrono::seconds(0)), abandon_flag());
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().message(), "ps: 0 of 5 processes read within 0ms");

    abandon_flag abandoned;
    abandoned.raise();
    EXPECT_EQ(blocking_read_process_table(options, "/x", table_limit, abandoned).error().kind(), failure::cancelled);

    options.root = "/nowhere";
    const auto gone = read("/x");
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind(), failure::gone);
}

TEST_F(ProcessTable, WalksOnceForAllWhoAskTogether)
{
    add(7, "/x", captured("status_container"));
    boost::asio::io_context reactor(1);
    worker_pool pool(1);
    process_table_collector collector(pool, options, std::chrono::seconds(10));
    std::shared_ptr<const process_table> other;
    boost::asio::co_spawn(reactor, collector.collect("/x", table_limit),
                          [&](std::exception_ptr, result<std::shared_ptr<const process_table>> got) { other = *got; });

    const auto table = run_task(reactor, collector.collect("/x", table_limit));

    ASSERT_TRUE(table) << table.error();
    EXPECT_EQ(*table, other);  // the very same object
    EXPECT_EQ((*table)->rows.size(), 1U);
    EXPECT_EQ(run_task(reactor, collector.collect("/y", table_limit)).value()->rows.size(), 0U);
}

TEST_F(ProcessTable, GivesUpAtItsOwnTimeout)
{
    boost::asio::io_context reactor(1);
    worker_pool pool(1);
    // The only worker does something else meanwhile.
    std::promise<void> release;
    auto other = [released = release.get_future().share()](const abandon_flag&) {
        released.wait();
        return result<int>(0);
    };
    boost::asio::co_spawn(reactor, pool.run("other", table_limit, std::move(other)), boost::asio::detached);
    process_table_collector collector(pool, options, std::chrono::milliseconds(1));
    result<std::shared_ptr<const process_table>> table = nullptr;
    boost::asio::co_spawn(reactor, collector.collect("/x", table_limit),
                          [&](std::exception_ptr, result<std::shared_ptr<const process_table>> got) {
                              table = std::move(got);
                              release.set_value();
                          });
    reactor.run();
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().kind(), failure::timed_out);
    EXPECT_EQ(table.error().message().substr(0, 4), "ps: ");
}
