// When containers are walked, what is shown of it, and what a disk that hangs costs.
#include "collectors/cadvisor/container_disks.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/cadvisor/scripted_runtime.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <mutex>
#include <semaphore>

using namespace nodescope;
using namespace nodescope::cadvisor;
using nodescope::testing::run_task;
using nodescope::testing::run_until;
using std::chrono::minutes;

namespace {

const std::string large_id(64, 'a');
const std::string small_id(64, 'b');

host::container_disk_usage some_usage()
{
    host::container_disk_usage usage;
    usage.layer.bytes = 1000;
    usage.layer.inodes = 3;
    usage.layer.major = 8;
    usage.layer.minor = 1;
    usage.layer.capacity = 5000;
    usage.bytes = 1200;
    return usage;
}

container container_of(const std::string& id)
{
    container state;
    state.id = id;
    state.storage_driver = "overlay2";
    state.upper_directory = "/data/" + id.substr(0, 1);
    return state;
}

class ContainerDisks : public ::testing::Test {
protected:
    ContainerDisks()
    {
        sources_.walk = [this](const host::docker_storage& storage, const std::string& id, deadline,
                               const abandon_flag&) -> result<host::container_disk_usage> {
            ++walks_;
            if (hang_) hung_.acquire();
            if (throw_.exchange(false)) throw std::bad_alloc();
            const std::lock_guard lock(mutex_);
            walked_ = storage.root + " " + storage.driver + " " + storage.upper_directory + " " + id.substr(0, 1);
            return answer_;
        };
        sources_.data_root = [this](const std::string&, deadline) { return say_root(); };
        sources_.filesystems = [] { return std::shared_ptr<const host::node_filesystems>(); };
    }

    task<std::optional<std::string>> say_root() { co_return root_; }

    container_disks& disks(steady_clock::duration limit = minutes(1))
    {
        if (!disks_) disks_ = std::make_unique<container_disks>(group_, log_, sources_, limit);
        return *disks_;
    }

    void ask(std::initializer_list<std::string> ids)
    {
        for (const std::string& id : ids) disks().want(container_of(id));
        run_task(reactor_, settled());
    }
    task<int> settled()
    {
        co_await disks().settle(deadline::in(minutes(1)));
        co_return 0;
    }
    void wait_for_the_walker()
    {
        EXPECT_TRUE(run_until(reactor_, [&] { return group_.size() == 0; }));
    }

    boost::asio::io_context reactor_{1};
    std::vector<std::string> lines_;
    logger log_{log_level::info, log_format::text, [this](std::string_view line) { lines_.emplace_back(line); }};
    task_group group_{reactor_.get_executor(), log_};
    disk_sources sources_;
    std::optional<std::string> root_ = "/data";
    std::atomic<int> walks_{0};
    std::atomic<bool> hang_{false};
    std::atomic<bool> throw_{false};
    std::counting_semaphore<8> hung_{0};
    std::mutex mutex_;
    result<host::container_disk_usage> answer_ = some_usage();
    std::string walked_;
    std::unique_ptr<container_disks> disks_;
};

}  // namespace

TEST(ShareOf, NamesTheFilesystem)
{
    host::filesystem_usage share = share_of(some_usage(), nullptr);
    EXPECT_EQ(share.device, "");
    EXPECT_EQ(share.type, "vfs");
    EXPECT_EQ(share.capacity, 5000U);
    EXPECT_EQ(share.usage, 1200U);
    EXPECT_EQ(share.base_usage, 1000U);
    EXPECT_EQ(share.inodes, 3U);
    EXPECT_EQ(share.inodes_free, 0U);
    EXPECT_FALSE(share.has_inodes);

    host::node_filesystems node;
    host::disk_line disk;
    disk.major = 8;
    disk.minor = 1;
    disk.name = "sda1";
    node.disks.push_back(disk);
    EXPECT_EQ(share_of(some_usage(), &node).device, "/dev/sda1") << "not in the list of mounts, but a disk";
    host::filesystem_usage pool;
    pool.major = 8;
    pool.minor = 1;
    pool.device = "tank/docker";
    pool.type = "zfs";
    pool.capacity = 9000;
    pool.available = 7;
    node.usages.push_back(pool);
    share = share_of(some_usage(), &node);
    EXPECT_EQ(share.device, "tank/docker");
    EXPECT_EQ(share.type, "zfs");
    EXPECT_EQ(share.capacity, 9000U);
    EXPECT_EQ(share.available, 0U) << "what is left belongs to all";
}

TEST_F(ContainerDisks, AreWalkedWhenSomebodyAsksAndNotAgainWithinThePause)
{
    disks();
    EXPECT_EQ(disks().look(large_id), nullptr);
    run_task(reactor_, settled());
    EXPECT_EQ(walks_, 0) << "nobody asked";
    ask({large_id});
    EXPECT_EQ(walked_, "/data overlay2 /data/a a");
    const auto shown = disks().look(large_id);
    ASSERT_NE(shown, nullptr);
    ASSERT_EQ(shown->size(), 1U);
    EXPECT_EQ(shown->front().usage, 1200U);
    EXPECT_EQ(disks().look(small_id), nullptr);
    for (int again = 0; again < 3; ++again) ask({large_id});
    EXPECT_EQ(walks_, 1);
    ask({large_id, small_id});
    wait_for_the_walker();
    EXPECT_EQ(walks_, 2);
    EXPECT_NE(disks().look(small_id), nullptr);
    EXPECT_EQ(disks().statistics().calls, 2U);
    EXPECT_EQ(disks().statistics().failures, 0U);
}

TEST_F(ContainerDisks, WhatCannotBeMeasuredIsNotShownAndToldOnce)
{
    answer_ = error(failure::denied, "not for you");
    ask({large_id, small_id});
    wait_for_the_walker();
    EXPECT_EQ(disks().look(large_id), nullptr);
    EXPECT_EQ(walks_, 2);
    EXPECT_EQ(disks().statistics().failures, 2U);
    ASSERT_EQ(lines_.size(), 1U);
    EXPECT_NE(lines_[0].find("not for you"), std::string::npos) << lines_[0];
    ask({large_id, small_id});
    EXPECT_EQ(walks_, 2) << "not before its pause is over";
}

TEST_F(ContainerDisks, AContainerThatEndsMeanwhileIsNothingToTell)
{
    answer_ = error(failure::gone, "no such directory");
    ask({large_id});
    wait_for_the_walker();
    EXPECT_EQ(disks().look(large_id), nullptr);
    EXPECT_EQ(disks().statistics().failures, 0U);
    EXPECT_TRUE(lines_.empty());
}

TEST_F(ContainerDisks, ADaemonThatHasNeverSaidWhereItKeepsThemCostsTheFigure)
{
    root_.reset();
    ask({large_id});
    wait_for_the_walker();
    EXPECT_EQ(walks_, 0);
    EXPECT_EQ(disks().look(large_id), nullptr);
    EXPECT_EQ(disks().statistics().deadline_misses, 0U);
}

TEST_F(ContainerDisks, AreWalkedAgainAfterAnException)
{
    throw_ = true;
    ask({large_id, small_id});
    wait_for_the_walker();
    EXPECT_EQ(disks().look(large_id), nullptr);
    ask({large_id, small_id});
    wait_for_the_walker();
    EXPECT_NE(disks().look(large_id), nullptr);
    EXPECT_NE(disks().look(small_id), nullptr);
    EXPECT_EQ(walks_, 3);
}

// The deadline of a walk, a disk that hangs, and those who ask meanwhile.
TEST_F(ContainerDisks, AWalkThatHangsTakesOneThreadAndNobodysTime)
{
    hang_ = true;
    disks(std::chrono::milliseconds(10));
    ask({large_id, small_id});
    EXPECT_TRUE(disks().busy());
    EXPECT_EQ(disks().look(large_id), nullptr) << "the answer did not wait for it";
    wait_for_the_walker();
    EXPECT_EQ(walks_, 1) << "nobody else is sent after it";
    EXPECT_EQ(disks().look(small_id), nullptr);
    EXPECT_EQ(disks().statistics().deadline_misses, 1U);
    EXPECT_EQ(disks().statistics().failures, 2U);
    EXPECT_TRUE(disks().busy());
    ASSERT_EQ(lines_.size(), 2U);
    EXPECT_NE(lines_[0].find("disk usage: not finished within 10ms"), std::string::npos) << lines_[0];
    EXPECT_NE(lines_[1].find("an earlier walk hangs in a disk"), std::string::npos) << lines_[1];
    hung_.release();
}
