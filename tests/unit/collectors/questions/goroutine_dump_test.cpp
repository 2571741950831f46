#include "collectors/questions/goroutine_dump.hpp"
#include "collectors/host/proc/daemon_process.hpp"
#include "core/rfc3339.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace nodescope;
using namespace std::chrono_literals;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;
namespace fs = std::filesystem;

namespace {

// A copy of the shell under the daemon's name, with what it does at SIGUSR1 as a script.
class fake_daemon {
public:
    fake_daemon(const temporary_root& root, const std::string& name, const std::string& at_signal, bool handles = true)
    {
        const std::string program = root.path() + "/bin/" + name;
        const std::string ready = root.path() + "/ready." + name;
        fs::create_directories(root.path() + "/bin");
        if (!fs::exists(program)) fs::copy_file(fs::canonical("/bin/sh"), program);
        fs::remove(ready);
        std::string script = (handles ? "trap '" + at_signal + "' USR1; " : std::string()) + ": > " + ready +
                             "; while :; do { read line < " + root.path() + "/fifo; } 2>/dev/null; done";
        if (!fs::exists(root.path() + "/fifo")) ::mkfifo((root.path() + "/fifo").c_str(), 0600);
        std::string path = program;
        std::string flag = "-c";
        std::array<char*, 4> arguments{path.data(), flag.data(), script.data(), nullptr};
        if (::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0) {
            throw std::runtime_error("cannot start " + program);
        }
        if (!nodescope::testing::wait_until([&] { return fs::exists(ready); })) {
            throw std::runtime_error(program + " does not run");
        }
        // The node's /proc has it, and numbers processes as we do.
        const std::string real = "/proc/" + std::to_string(pid_);
        for (const char* file : {"/stat", "/comm", "/status"}) {
            std::ifstream from(real + file);
            root.write(real + file, std::string(std::istreambuf_iterator<char>(from), {}));
        }
        root.link(real + "/exe", program);
        root.link("/proc/self", std::to_string(::getpid()));
    }
    fake_daemon(const fake_daemon&) = delete;
    fake_daemon& operator=(const fake_daemon&) = delete;
    ~fake_daemon()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }

private:
    pid_t pid_ = -1;
};

class GoroutineDump : public ::testing::Test {
protected:
    GoroutineDump()
    {
        options_.enabled = true;
        options_.root = root_.path();
        options_.data_root = root_.path() + "/data";
        options_.docker_pid_file = "/var/run/docker.pid";
        options_.docker_exec_root = "/var/run/docker";
        options_.containerd_temporary_directory = "/tmp";
        options_.settle = 5ms;
        fs::create_directories(root_.path() + "/var/run/docker");
        fs::create_directories(root_.path() + "/tmp");
        fs::create_directories(root_.path() + "/proc");
    }

    [[nodiscard]] std::string exec_root() const { return root_.path() + "/var/run/docker"; }

    result<std::string> dump_dockerd(steady_clock::duration limit = 10s)
    {
        goroutine_dump_collector dumper(pool_, options_);
        return run_task(reactor_, dumper.dump_dockerd(deadline::in(limit)));
    }

    result<std::string> dump_containerd(steady_clock::duration limit = 10s)
    {
        goroutine_dump_collector dumper(pool_, options_);
        return run_task(reactor_, dumper.dump_containerd(deadline::in(limit)));
    }

    static std::string contents(const std::string& path)
    {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    }

    boost::asio::io_context reactor_{1};
    worker_pool pool_{1};
    temporary_root root_;
    steady_clock::duration timeout_ = 30s;
    goroutine_dump_options options_{[this] { return timeout_; }};
};

}  // namespace

TEST_F(GoroutineDump, IsOffUnlessConfigured)
{
    const fake_daemon dockerd(root_, "dockerd", "exit 1");
    options_.enabled = false;
    EXPECT_EQ(dump_dockerd().error().kind(), failure::disabled);
    EXPECT_EQ(dump_containerd().error().kind(), failure::disabled);
    EXPECT_TRUE(dockerd.running());
}

TEST_F(GoroutineDump, OfDockerdIsMovedBelowTheDataRoot)
{
    root_.write("/var/run/docker/goroutine-stacks-2020.log", "an old one");
    const fake_daemon dockerd(root_, "dockerd", "echo stacks > " + exec_root() + "/goroutine-stacks-2026.log");
    root_.write("/var/run/docker.pid", std::to_string(dockerd.pid()) + "\n");

    const auto path = dump_dockerd();

    ASSERT_TRUE(path) << path.error();
    EXPECT_EQ(*path, root_.path() + "/data/dockerd-goroutine/goroutine-stacks-2026.log");
    EXPECT_EQ(contents(*path), "stacks\n");
    EXPECT_FALSE(fs::exists(exec_root() + "/goroutine-stacks-2026.log"));
    EXPECT_TRUE(fs::exists(exec_root() + "/goroutine-stacks-2020.log"));
    EXPECT_TRUE(dockerd.running());
}

TEST_F(GoroutineDump, FindsDockerdByItsName)
{
    const fake_daemon dockerd(root_, "dockerd", "echo stacks > " + exec_root() + "/goroutine-stacks-1.log");
    const fake_daemon other(root_, "containerd", "exit 1");
    EXPECT_TRUE(dump_dockerd());
    EXPECT_TRUE(other.running());
}

TEST_F(GoroutineDump, WaitsForTheFileToStopGrowing)
{
    const fake_daemon dockerd(
        root_, "dockerd",
        "f=" + exec_root() + "/goroutine-stacks-1.log; : > $f; for i in 1 2 3; do echo $i >> $f; done");
    const auto path = dump_dockerd();
    ASSERT_TRUE(path) << path.error();
    EXPECT_EQ(contents(*path), "1\n2\n3\n");
}

TEST_F(GoroutineDump, OfContainerdIsTheTime)
{
    const fake_daemon containerd(root_, "containerd",
                                 "echo new stacks > " + root_.path() + "/tmp/containerd.$$.stacks.log");
    root_.write("/tmp/containerd." + std::to_string(containerd.pid()) + ".stacks.log", "old");
    root_.write("/tmp/containerd.1.stacks.log", "another's");

    const auto time = dump_containerd();

    ASSERT_TRUE(time) << time.error();
    EXPECT_TRUE(parse_rfc3339(*time)) << *time;
    EXPECT_EQ(contents(root_.path() + "/tmp/containerd." + std::to_string(containerd.pid()) + ".stacks.log"),
              "new stacks\n");
}

TEST_F(GoroutineDump, GivesUpAtTheDeadline)
{
    const fake_daemon dockerd(root_, "dockerd", ": > " + exec_root() + "/goroutine-stacks-1.log");
    const auto path = dump_dockerd(100ms);
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().kind(), failure::timed_out);
}

TEST_F(GoroutineDump, EndsAtTheLimitThatHoldsWhenItBegins)
{
    const fake_daemon dockerd(root_, "dockerd", ": > " + exec_root() + "/goroutine-stacks-1.log");
    goroutine_dump_collector dumper(pool_, options_);
    for (const auto& [limit, shown] : {std::pair(50ms, "within 50ms"), std::pair(60ms, "within 60ms")}) {
        timeout_ = limit;
        const auto path = run_task(reactor_, dumper.dump_dockerd(deadline::in(10s)));
        ASSERT_FALSE(path);
        EXPECT_NE(path.error().message().find(shown), std::string::npos) << path.error();
    }
}

TEST_F(GoroutineDump, TakesNoLinkForADump)
{
    root_.write("/secret", "secret");
    const fake_daemon dockerd(root_, "dockerd",
                              "ln -s " + root_.path() + "/secret " + exec_root() + "/goroutine-stacks-1.log");
    EXPECT_FALSE(dump_dockerd(200ms));
    EXPECT_EQ(contents(root_.path() + "/secret"), "secret");
}

// SIGUSR1 ends a process that does not handle it.
TEST_F(GoroutineDump, NeverSignalsAProcessThatWouldDieOfIt)
{
    const fake_daemon dockerd(root_, "dockerd", "", false);
    const auto path = dump_dockerd();
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().kind(), failure::conflict);
    EXPECT_TRUE(path.error().message().ends_with("it does not handle signal 10")) << path.error();
    EXPECT_TRUE(dockerd.running());
}

TEST_F(GoroutineDump, NeverSignalsWhatIsNoDockerd)
{
    const fake_daemon other(root_, "postgres", "exit 1");
    root_.write("/var/run/docker.pid", std::to_string(other.pid()));
    const auto path = dump_dockerd();
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().kind(), failure::conflict);
    EXPECT_TRUE(other.running());

    root_.write("/var/run/docker.pid", "-1");
    EXPECT_EQ(dump_dockerd().error().kind(), failure::malformed);
    fs::remove(root_.path() + "/var/run/docker.pid");
    EXPECT_EQ(dump_dockerd().error(), error(failure::gone, "no dockerd is running on this node"));
}

TEST_F(GoroutineDump, NeverChoosesBetweenTwo)
{
    const fake_daemon one(root_, "dockerd", "exit 1");
    const fake_daemon two(root_, "dockerd", "exit 1");
    EXPECT_EQ(dump_dockerd().error().kind(), failure::conflict);
    EXPECT_TRUE(one.running());
    EXPECT_TRUE(two.running());
}

TEST_F(GoroutineDump, SaysWhichFolderIsMissing)
{
    const fake_daemon dockerd(root_, "dockerd", "exit 1");
    fs::remove_all(exec_root());
    const auto path = dump_dockerd();
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error(), error(failure::gone, "open " + exec_root() + ": No such file or directory"));
    EXPECT_TRUE(dockerd.running());
}

TEST_F(GoroutineDump, RefusesADumpBeyondTheLimit)
{
    const fake_daemon dockerd(root_, "dockerd", "echo stacks > " + exec_root() + "/goroutine-stacks-1.log");
    options_.dump_limit_bytes = 3;
    EXPECT_EQ(dump_dockerd().error().kind(), failure::too_large);
}
