#include "collectors/host/proc/process_handle.hpp"
#include "collectors/host/proc/proc_text.hpp"
#include "core/files/bounded_file.hpp"
#include "core/rfc3339.hpp"
#include "tests/support/namespace_child.hpp"
#include "tests/support/run_until.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::captured;
using nodescope::testing::namespace_child;
using nodescope::testing::temporary_root;

namespace {

const std::string handle_id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
// Of the captured container: boot time plus field 22 of its stat.
constexpr std::string_view container_stat =
    "17209 (sleep) S 17187 17209 17209 0 -1 4194560 1099 0 0 0 1 0 0 0 20 0 1 0 203810 2322432 324 1\n";
constexpr std::string_view container_began = "2026-11-21T01:53:44.477455256Z";
constexpr std::string_view container_began_earlier = "2026-11-21T01:53:41.477455256Z";

temporary_root& add_process(temporary_root& root, const std::string& cgroup)
{
    root.write("/proc/17209/stat", container_stat);
    root.write("/proc/17209/cgroup", cgroup);
    root.write("/proc/stat", captured("node_stat"));
    return root;
}

void make_cgroup(const temporary_root& root, const std::string& path)
{
    std::filesystem::create_directories(root.path() + "/sys/fs/cgroup" + path);
}

// Anybody may make cgroups in it.
void hand_over_cgroup(const temporary_root& root, const std::string& path)
{
    make_cgroup(root, path);
    std::filesystem::permissions(root.path() + "/sys/fs/cgroup" + path, std::filesystem::perms::all);
}

result<bool> belongs(const temporary_root& root, std::string_view started_at)
{
    const auto process = process_handle::open(root.path(), 17209);
    if (!process) return process.error();
    return belongs_to_container(*process, root.path(), container_claim(handle_id, "web", std::string(started_at)));
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
    root.write("/proc/17209/stat", "17209 (sleep) Z 1 1 1 0 -1 1 1 0 0 0 1 0 0 0 20 0 2 0 203810 2322432 324 1\n");
    EXPECT_TRUE(handle->alive()) << "its other thread lives";
    root.write("/proc/17209/stat", "");
    EXPECT_FALSE(handle->alive());
}

// main() may end by pthread_exit() while other threads go on: such a process has a zombie in its own /proc/PID.
TEST(ProcessHandle, OfAProcessWithoutItsFirstThreadReadsAnother)
{
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const auto go_on = [](void*) -> void* {
            for (;;) ::pause();
        };
        pthread_t other{};
        if (::pthread_create(&other, nullptr, go_on, nullptr) != 0) ::_exit(1);
        ::syscall(SYS_exit, 0);  // of this thread alone
    }
    ASSERT_GT(pid, 0);
    const auto is_zombie = [&] {
        const auto stat = files::read_file({"/", fmt::format("/proc/{}/stat", pid)}, 4096);
        return stat && stat->text.find(") Z ") != std::string::npos;
    };
    EXPECT_TRUE(nodescope::testing::wait_until(is_zombie));

    const auto handle = process_handle::open("/", pid);

    ASSERT_TRUE(handle) << handle.error();
    EXPECT_TRUE(handle->alive());
    EXPECT_TRUE(handle->lost_first_thread());
    struct stat network {};
    struct stat own {};
    EXPECT_EQ(::fstatat(handle->directory(), "ns/net", &network, 0), 0);
    EXPECT_EQ(::stat("/proc/self/ns/net", &own), 0);
    EXPECT_EQ(network.st_ino, own.st_ino);
    const auto cgroup = handle->read("cgroup", 4096);
    const auto our_cgroup = files::read_file({"/", "/proc/self/cgroup"}, 4096);
    EXPECT_TRUE(cgroup && our_cgroup && cgroup->text == our_cgroup->text) << "on cgroup v1 a zombie is in none";
    const auto whole = files::read_file({"/", fmt::format("/proc/{}/stat", pid)}, 4096);
    EXPECT_EQ(handle->start_ticks().value(), parse_process_stat(whole->text)->start_ticks)
        << "the process's, not the thread's";

    ::kill(pid, SIGKILL);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT);
    EXPECT_FALSE(handle->alive());
    const auto dead = process_handle::open("/", pid);
    EXPECT_FALSE(dead && dead->lost_first_thread()) << "a zombie as a whole";
    ::waitpid(pid, nullptr, 0);
}

TEST(BelongsToContainer, ByItsNameAloneIsNotProved)
{
    temporary_root root;
    add_process(root, "0::/user.slice/libpod-" + handle_id + ".scope\n");
    hand_over_cgroup(root, "/user.slice");
    make_cgroup(root, "/user.slice/libpod-" + handle_id + ".scope");
    const auto process = process_handle::open(root.path(), 17209);
    ASSERT_TRUE(process);
    container_claim claim(handle_id, "", "");
    EXPECT_EQ(belongs_to_container(*process, root.path(), claim).error().kind(), failure::conflict);
    claim.by_name_alone = true;
    const auto belongs = belongs_to_container(*process, root.path(), claim);
    ASSERT_TRUE(belongs) << belongs.error();
    EXPECT_FALSE(*belongs) << "verified";
    claim.id = std::string(64, '9');
    EXPECT_EQ(belongs_to_container(*process, root.path(), claim).error().kind(), failure::conflict);
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
    make_cgroup(root, "/docker/" + handle_id);
    const auto proved = belongs(add_process(root, captured("cgroup_docker_v1")), "nonsense");
    ASSERT_TRUE(proved) << proved.error();
    EXPECT_TRUE(*proved);
}

// Whoever may make cgroups may call one like the container, and may get its process's number when that has ended.
TEST(BelongsToContainer, IsNotProvedByANameThatOthersCanGive)
{
    temporary_root root;
    hand_over_cgroup(root, "/user.slice");
    make_cgroup(root, "/user.slice/" + handle_id);
    add_process(root, "0::/user.slice/" + handle_id + "/below\n");
    const auto refused = belongs(root, container_began_earlier);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(),
              error(failure::conflict,
                    "container changed: web (8fed049dc1fa): process 17209 is in a cgroup that has only "
                    "the container's id in its name, and began at 2026-11-21T01:53:44.10Z, the "
                    "container at 2026-11-21T01:53:41.47Z"));
    for (const char* never : {"", "0001-01-01T00:00:00Z"}) EXPECT_FALSE(belongs(root, never)) << never;

    // A rootless engine's: the number was its process's when it began, and nobody else has had it since.
    for (const auto then : {std::string_view("2027-01-01T00:00:00Z"), container_began}) {
        const auto proved = belongs(root, then);
        ASSERT_TRUE(proved) << proved.error();
        EXPECT_TRUE(*proved);
    }
}

TEST(BelongsToContainer, IsNotProvedByTheCgroupOfASubsystemWithoutContainers)
{
    temporary_root root;
    make_cgroup(root, "/docker/" + handle_id);
    add_process(root, "4:memory:/user.slice\n1:name=systemd:/user.slice/" + handle_id + "\n");
    EXPECT_FALSE(belongs(root, container_began_earlier));
}

TEST(BelongsToContainer, LooksAtAllCgroupsOfThatNameWhereItIsInAnotherNamespace)
{
    temporary_root root;
    root.write("/proc/1/mountinfo", "26 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    add_process(root, "0::/../../kubepods/" + handle_id + "\n");
    EXPECT_FALSE(belongs(root, container_began_earlier));
    EXPECT_TRUE(belongs(root, container_began));
    make_cgroup(root, "/kubepods/" + handle_id);
    const auto proved = belongs(root, container_began_earlier);
    ASSERT_TRUE(proved) << proved.error();
    EXPECT_TRUE(*proved);
    hand_over_cgroup(root, "/user.slice");
    make_cgroup(root, "/user.slice/" + handle_id);
    EXPECT_FALSE(belongs(root, container_began_earlier));
}

TEST(BelongsToContainer, RefusesTheCgroupOfAnother)
{
    temporary_root root;
    const auto refused = belongs(add_process(root, "0::/docker/9" + handle_id.substr(1) + "\n"), container_began);
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
    const error refused = container_changed("a\x1b[31m\n", handle_id, "why");
    EXPECT_EQ(refused.message(), "container changed: a\\x1b[31m\\n (8fed049dc1fa): why");
}
