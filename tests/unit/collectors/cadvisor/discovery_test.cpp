// How containers that come are found by those who ask at the same time.
#include "collectors/cadvisor/node_containers.hpp"

#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <filesystem>

namespace nodescope::cadvisor {
namespace {

using nodescope::testing::hang_limit;
using nodescope::testing::run_task;
using nodescope::testing::run_until;

struct Discovery : ::testing::Test {
    Discovery()
    {
        root.write("/proc/1/mountinfo", "25 20 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        make("/old");
        options.root = root.path();
        containers.emplace(pool, none, group, log, options, node_containers::filesystem_source());
    }
    void make(const std::string& path) const
    {
        std::filesystem::create_directories(root.path() + "/sys/fs/cgroup" + path);
    }
    task<result<std::vector<container_view>>> find(std::string path)
    {
        query asked;
        asked.name = std::move(path);
        asked.count = 0;
        return containers->find(std::move(asked), deadline::in(hang_limit));
    }

    nodescope::testing::temporary_root root;
    boost::asio::io_context reactor{1};
    logger log{log_level::error, log_format::text};
    task_group group{reactor.get_executor(), log};
    worker_pool pool;
    const runtimes none;
    sampling_options options{std::chrono::seconds(5), 100};
    std::optional<node_containers> containers;
};

TEST_F(Discovery, ShowsWhatIsNewToAllWhoAskMeanwhile)
{
    ASSERT_TRUE(run_task(reactor, find("/old")));
    make("/new");
    std::optional<bool> first_found;
    // Sees the change, and begins to look.
    boost::asio::co_spawn(reactor, find("/new"),
                          [&](const std::exception_ptr&, const auto& found) { first_found = found.has_value(); });
    const auto second = run_task(reactor, find("/new"));
    EXPECT_TRUE(second) << second.error();
    ASSERT_TRUE(run_until(reactor, [&] { return first_found.has_value(); }));
    EXPECT_TRUE(first_found && *first_found);
}

}  // namespace
}  // namespace nodescope::cadvisor
