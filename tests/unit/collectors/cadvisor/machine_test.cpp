// What is kept of the node, and for how long; which filesystem is used for what.
#include "collectors/cadvisor/machine.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

using namespace nodescope;
using namespace nodescope::cadvisor;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;

namespace {

const auto machine_limit = deadline::in(std::chrono::hours(1));

using measured = result<std::shared_ptr<const host::node_filesystems>>;

host::node_filesystems mounted_on(std::initializer_list<const char*> places)
{
    host::node_filesystems all;
    for (const char* const place : places) all.usages.emplace_back().mountpoint = place;
    return all;
}

std::string label_list(const host::node_filesystems& all, std::string_view docker_root)
{
    std::string text;
    for (const stored_filesystem& one : label_filesystems(all, time_point(), docker_root)) {
        text += one.usage.mountpoint;
        for (const std::string& label : one.labels) text += " " + label;
        text += "; ";
    }
    return text;
}

class Machine : public ::testing::Test {
protected:
    Machine() { root.write("/proc/meminfo", "MemTotal: 1 kB\n"); }

    task<measured> measure()
    {
        ++measurements;
        co_return filesystems;
    }

    temporary_root root;
    int measurements = 0;
    measured filesystems = std::make_shared<const host::node_filesystems>(mounted_on({"/"}));
    boost::asio::io_context reactor{1};
    worker_pool pool{1};
    machine_collector collector{pool, [this](deadline) { return measure(); }, root.path(), std::chrono::seconds(10)};
};

}  // namespace

TEST(LabelFilesystems, SaysWhatEachIsUsedFor)
{
    EXPECT_EQ(label_list(mounted_on({"/", "/dev/shm"}), "/var/lib/docker"), "/ root docker-images; /dev/shm; ");
    EXPECT_EQ(label_list(mounted_on({"/var", "/", "/var/lib/docker"}), "/var/lib/docker"),
              "/var; / root; /var/lib/docker docker-images; ");
    EXPECT_EQ(label_list(mounted_on({"/var", "/", "/var/lib/doc"}), "/var/lib/docker"),
              "/var docker-images; / root; /var/lib/doc; ");
    EXPECT_EQ(label_list(mounted_on({"/data"}), "/var/lib/docker"), "/data; ");
    EXPECT_EQ(label_list(mounted_on({}), "/var/lib/docker"), "");
}

TEST_F(Machine, IsReadOnceForAllAndKept)
{
    std::shared_ptr<const machine_info> other;
    boost::asio::co_spawn(reactor, collector.machine(machine_limit),
                          [&](std::exception_ptr, result<std::shared_ptr<const machine_info>> got) { other = *got; });
    const auto first = run_task(reactor, collector.machine(machine_limit));
    ASSERT_TRUE(first) << first.error();
    EXPECT_EQ(*first, other);
    EXPECT_EQ((*first)->facts.memory, 1024U);
    EXPECT_GT((*first)->timestamp, time_point());

    root.write("/proc/meminfo", "MemTotal: 2 kB\n");
    measurements = 0;
    EXPECT_EQ(run_task(reactor, collector.machine(machine_limit)).value(), *first);
    EXPECT_EQ(measurements, 0);
}

TEST_F(Machine, IsNotKeptWhileAFilesystemHasNotAnswered)
{
    auto partial = mounted_on({"/"});
    partial.unanswered = {"/hung"};
    filesystems = std::make_shared<const host::node_filesystems>(partial);
    const auto first = run_task(reactor, collector.machine(machine_limit)).value();
    EXPECT_EQ(first->filesystems->usages.size(), 1U);
    EXPECT_EQ(run_task(reactor, collector.storage("/", machine_limit)).value().unanswered, partial.unanswered);

    EXPECT_NE(run_task(reactor, collector.machine(machine_limit)).value(), first);
}

TEST_F(Machine, IsNotKeptWithoutItsFilesystems)
{
    filesystems = error(failure::denied, "no");
    const auto half = run_task(reactor, collector.machine(machine_limit));
    ASSERT_TRUE(half) << half.error();
    EXPECT_EQ((*half)->filesystems, nullptr);

    filesystems = std::make_shared<const host::node_filesystems>(mounted_on({"/"}));
    EXPECT_NE(run_task(reactor, collector.machine(machine_limit)).value()->filesystems, nullptr);
}

TEST_F(Machine, FailuresAreNotKept)
{
    root.write("/proc/meminfo", "");
    EXPECT_FALSE(run_task(reactor, collector.machine(machine_limit)));
    root.write("/proc/meminfo", "MemTotal: 2 kB\n");
    EXPECT_EQ(run_task(reactor, collector.machine(machine_limit)).value()->facts.memory, 2048U);
}

TEST_F(Machine, StopsAtTheTimeoutOfTheHost)
{
    machine_collector hasty{pool, [this](deadline) { return measure(); }, root.path(), std::chrono::seconds(0)};
    const auto got = run_task(reactor, hasty.machine(machine_limit));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().kind(), failure::timed_out);
    EXPECT_EQ(got.error().message().substr(0, 9), "machine: ");
}

TEST_F(Machine, StorageIsMeasuredEachTime)
{
    for (int i = 1; i < 3; ++i) {
        const auto all = run_task(reactor, collector.storage("/var/lib/docker", machine_limit));
        ASSERT_TRUE(all) << all.error();
        EXPECT_EQ(all->filesystems.size(), 1U);
        EXPECT_EQ(measurements, i);
    }
    filesystems = error(failure::denied, "no");
    EXPECT_EQ(run_task(reactor, collector.storage("/", machine_limit)).error().message(), "no");
    root.link("/dev/disk/by-uuid/1", "../../vda");
    EXPECT_EQ(run_task(reactor, collector.storage_of_disk("1", "/", machine_limit)).error().message(), "no");
}

TEST_F(Machine, FindsNoDiskByAnythingButAName)
{
    root.write("/dev/disk/by-uuid/plain", "");
    root.link("/dev/disk/secret", "x");
    root.link("/dev/disk/by-uuid/odd", "../..");
    root.link("/dev/disk/by-uuid/bare", "vda1");
    using namespace std::string_literals;
    for (const std::string& uuid : {""s, "."s, ".."s, "../secret"s, "/etc/passwd"s, "plain"s, "odd"s, "nope"s,
                                    "bare\0x"s, std::string(5000, 'a')}) {
        const auto disk = blocking_find_disk(root.path(), uuid);
        ASSERT_FALSE(disk) << uuid;
        EXPECT_EQ(disk.error().message(), "cadvisor: no such device");
    }
    EXPECT_EQ(blocking_find_disk(root.path(), "bare").value().device, "/dev/vda1");
    EXPECT_FALSE(blocking_find_disk(root.path(), "bare").value().number);
    root.write("/sys/class/block/vda1/dev", "254:1\n");
    EXPECT_EQ(blocking_find_disk(root.path(), "bare").value().number->second, 1U);
}
