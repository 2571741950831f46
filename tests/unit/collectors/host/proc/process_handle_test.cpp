#include "collectors/host/proc/process_handle.hpp"
#include "core/rfc3339.hpp"
#include "tests/support/namespace_child.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured;
using nodescope::testing::namespace_child;
using nodescope::testing::temporary_root;

namespace {

const std::string id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
// Of the captured container: boot time plus field 22 of its stat.
constexpr std::string_view container_stat =
    "17209 (sleep) S 17187 17209 17209 0 -1 4194560 1099 0 0 0 1 0 0 0 20 0 1 0 203810 2322432 324 1\n";
constexpr std::string_view container_began = "2026-11-21T01:53:44.477455256Z";

temporary_root& add_process(temporary_root& root, const std::string& cgroup)
{
    root.write("/proc/17209/stat", container_stat);
    root.write("/proc/17209/cgroup", cgroup);
    root.write("/proc/stat", captured("node_stat"));
    return root;
}

result<bool> belongs(const temporary_root& root, std::string_view started_at)
{
    const auto process = process_handle::open(root.path(), 17209);
    if (!process) return process.error();
    return belongs_to_container(*process, root.path(), container_claim(id, "web", std::string(started_at)));
}

}  // namespace

TEST(ProcessHandle, OfALivingProcessReadsItsFiles)
{
    const auto self = process_handle::open("/", ::getpid());

    ASSERT_TRUE(self) << self.error();
    EXPECT_TRUE(self->alive());
    EXPECT_GE(self->pidfd(), 0);
    const auto status = self->read("status", 64 * 1024);
    ASSERT_TRUE(status);
    EXPECT_TRUE(status->text.starts_with("Name:\t"));
}

TEST(ProcessHandle, OfNobodyIsGone)
{
    const temporary_root root;
    const auto nobody = process_handle::open(root.path(), 4194304);
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().kind(), failure::gone);
    EXPECT_NE(nobody.error().message().find("process 4194304: no " + root.path() + "/proc/4194304"), std::string::npos)
        << nobody.error();
}

// The handle never answers for whoever has the number later.
TEST(ProcessHandle, FailsOnceTheProcessHasEnded)
{
    namespace_child child(false);
    const auto handle = process_handle::open("/", child.pid());
    ASSERT_TRUE(handle) << handle.error();
    EXPECT_TRUE(handle->alive());

    child.kill_without_reaping();
    EXPECT_FALSE(handle->alive());

    child.stop();
    EXPECT_FALSE(handle->alive());
    const auto status = handle->read("status", 1024);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind(), failure::gone);
}

TEST(ProcessHandle, WithoutPidfdAsksTheStateInStat)
{
    // A root whose "self" is not ours numbers processes differently: no pidfd may be taken by that number.
    temporary_root root;
    add_process(root, "0::/\n");
    const auto handle = process_handle::open(root.path(), 17209);
    ASSERT_TRUE(handle) << handle.error();
    EXPECT_LT(handle->pidfd(), 0);
    EXPECT_TRUE(handle->alive());

    root.write("/proc/17209/stat", "17209 (sleep) Z 1 1 1 0 -1 1 1 0 0 0 1 0 0 0 20 0 1 0 203810 2322432 324 1\n");
    EXPECT_FALSE(handle->alive());
    root.write("/proc/17209/stat", "");
    EXPECT_FALSE(handle->alive());
}

TEST(ReadFileAt, StopsAtTheLimit)
{
    const temporary_root root;
    root.write("/file", std::string(10'000, 'x'));
    const auto whole = files::read_file({"/", root.path() + "/file"}, 10'000);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->text.size(), 10'000U);
    EXPECT_FALSE(whole->truncated);
    const auto cut = files::read_file({"/", root.path() + "/file"}, 9'999);
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->text.size(), 9'999U);
    EXPECT_TRUE(cut->truncated);
    EXPECT_EQ(files::read_file({"/", root.path() + "/none"}, 1).error().kind(), failure::gone);
}

TEST(BelongsToContainer, IsProvedByTheCgroup)
{
    temporary_root root;
    const auto proved = belongs(add_process(root, captured("cgroup_docker_v1")), "nonsense");
    ASSERT_TRUE(proved) << proved.error();
    EXPECT_TRUE(*proved);
}

TEST(BelongsToContainer, RefusesTheCgroupOfAnother)
{
    temporary_root root;
    const auto refused = belongs(add_process(root, "0::/docker/9" + id.substr(1) + "\n"), container_began);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), error(failure::conflict,
                                     "container changed: web (8fed049dc1fa): process 17209 belongs "
                                     "to another container"));
}

TEST(BelongsToContainer, WithoutCgroupTheStartTimeDecidesAndProvesLess)
{
    temporary_root root;
    add_process(root, "0::/\n");
    const auto near = belongs(root, container_began);
    ASSERT_TRUE(near) << near.error();
    EXPECT_FALSE(*near);
    EXPECT_TRUE(belongs(root, "2026-11-21T01:53:46.1Z"));
    EXPECT_TRUE(belongs(root, "2026-11-21T01:53:42.1Z"));

    for (const char* far : {"2026-11-21T01:53:46.11Z", "2026-11-21T01:53:42.09Z", "0001-01-01T00:00:00Z", ""}) {
        const auto refused = belongs(root, far);
        ASSERT_FALSE(refused) << far;
        EXPECT_EQ(refused.error().kind(), failure::conflict);
        EXPECT_TRUE(refused.error().message().starts_with("container changed: web (8fed049dc1fa): process 17209"));
    }
}

TEST(BelongsToContainer, EscapesTheNameInItsSentence)
{
    const error refused = container_changed("a\x1b[31m\n", id, "why");
    EXPECT_EQ(refused.message(), "container changed: a\\x1b[31m\\n (8fed049dc1fa): why");
}
