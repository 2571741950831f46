#include "core/process/child_process.hpp"
#include "tests/support/run_until.hpp"
#include "tests/unit/core/process/has_ended.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace nodescope {
namespace {

constexpr int hang_limit_ms = std::chrono::milliseconds(testing::hang_limit).count();

std::string read_to_end(const unique_fd& from)
{
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        pollfd ready{from.get(), POLLIN, 0};
        if (::poll(&ready, 1, hang_limit_ms) <= 0) throw std::runtime_error("the child neither writes nor ends");
        const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
        if (got <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

process_end wait_for(child_process& child)
{
    pollfd ended{child.exit_descriptor(), POLLIN, 0};
    ::poll(&ended, 1, hang_limit_ms);
    const auto end = child.try_reap();
    if (!end) throw std::runtime_error("the child does not end");
    return *end;
}

std::string output_of(const std::string& path, const std::vector<std::string>& arguments)
{
    auto child = child_process::spawn({path, arguments});
    if (!child) return child.error().message();
    std::string text = read_to_end(child->take_output());
    wait_for(*child);
    return text;
}

std::string shell(const std::string& script) { return output_of("/bin/sh", {"-c", script}); }

bool ends_soon(pid_t pid)
{
    return testing::wait_until([pid] { return testing::has_ended(pid); });
}

// ---- what the child gets
// -----------------------------------------------------------------------

TEST(ChildProcess, GetsAsInputWhatItIsGiven)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const unique_fd reader(ends[0]);
    unique_fd writer(ends[1]);
    ASSERT_EQ(::write(writer.get(), "given", 5), 5);
    writer.reset();
    program what{"/bin/cat", {}};
    what.input = reader.get();
    auto child = child_process::spawn(what);
    ASSERT_TRUE(child) << child.error();
    EXPECT_EQ(read_to_end(child->take_output()), "given");
    wait_for(*child);
    EXPECT_GE(::fcntl(reader.get(), F_GETFD), 0) << "it is still ours";
}

TEST(ChildProcess, GetsThreeDescriptorsAndNoOther)
{
    const int leaked = ::dup(STDERR_FILENO);  // not O_CLOEXEC
    // The fourth is the folder ls reads.
    EXPECT_EQ(output_of("/bin/ls", {"/proc/self/fd"}), "0\n1\n2\n3\n");
    ::close(leaked);
    EXPECT_EQ(shell("readlink /proc/self/fd/0"), "/dev/null\n");
}

TEST(ChildProcess, WorksWhenWeHaveNoStandardStreams)
{
    const pid_t without = ::fork();
    if (without == 0) {
        ::close(0);
        ::close(1);
        ::close(2);
        auto child = child_process::spawn({"/bin/sh", {"-c", "echo out; echo err >&2; cat"}});
        const bool good = child && read_to_end(child->take_output()) == "out\n" &&
                          read_to_end(child->take_errors()) == "err\n" && wait_for(*child).status == 0;
        ::_exit(good ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(without, &status, 0), without);
    EXPECT_EQ(status, 0);
}

TEST(ChildProcess, GetsAFixedEnvironment)
{
    ::setenv("LD_PRELOAD_OF_TESTS", "x", 1);
    EXPECT_EQ(output_of("/usr/bin/env", {}), "LC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n");
    EXPECT_EQ(shell("pwd"), "/\n");
}

TEST(ChildProcess, GetsItsNameAsArgumentZero)
{
    EXPECT_EQ(output_of("/bin/sh", {"-c", "echo $0 $1", "/a b/c", "d"}), "/a b/c d\n");
    EXPECT_EQ(output_of("/bin/cat", {"/proc/self/cmdline"}), std::string("cat\0/proc/self/cmdline\0", 23));
}

TEST(ChildProcess, GetsLimitsAndNoNewPrivileges)
{
    EXPECT_EQ(shell("ulimit -c; ulimit -n; ulimit -Hn; ulimit -v; ulimit -Hv"), "0\n64\n64\n49152\n49152\n");
    EXPECT_EQ(output_of("/bin/grep", {"NoNewPrivs", "/proc/self/status"}), "NoNewPrivs:\t1\n");
    EXPECT_EQ(shell("ulimit -St; ulimit -Ht"), "10\n11\n");
}

TEST(ChildProcess, IsKilledBeforeUsWhereMemoryRunsOut)
{
    const auto own = [] {
        std::string score;
        std::getline(std::ifstream("/proc/self/oom_score_adj"), score);
        return score;
    };
    const std::string before = own();
    EXPECT_EQ(output_of("/bin/cat", {"/proc/self/oom_score_adj"}), "1000\n");
    EXPECT_EQ(own(), before) << "ours is as it was";
}

TEST(ChildProcess, EndsWhenItComputesWithoutEnd)
{
    auto child =
        child_process::spawn({"/bin/sh", {"-c", "while :; do :; done"}}, {.processor_time = std::chrono::seconds(1)});
    ASSERT_TRUE(child) << child.error();
    EXPECT_EQ(wait_for(*child).signal, SIGXCPU);
}

TEST(ChildProcess, GetsDefaultSignalsWhateverWeDo)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const auto old_handler = ::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(output_of("/bin/grep", {"-E", "SigBlk|SigIgn", "/proc/self/status"}),
              "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    sigset_t after;
    ::pthread_sigmask(SIG_SETMASK, &before, &after);
    ::signal(SIGPIPE, old_handler);
    EXPECT_EQ(sigismember(&after, SIGTERM), 1) << "ours is as it was";
}

TEST(ChildProcess, LeadsAGroupOfItsOwn)
{
    const std::string numbers = output_of("/usr/bin/cut", {"-d ", "-f1,5", "/proc/self/stat"});
    const auto space = numbers.find(' ');
    EXPECT_EQ(numbers.substr(0, space), numbers.substr(space + 1, space));
}

TEST(ChildProcess, DiesWithItsParent)
{
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
        auto child = child_process::spawn({"/bin/sleep", {"1000"}});
        const pid_t pid = child ? child->pid() : -1;
        if (::write(ends[1], &pid, sizeof(pid)) != sizeof(pid)) ::_exit(1);
        for (;;) ::pause();
    }
    pid_t grandchild = -1;
    ASSERT_EQ(::read(ends[0], &grandchild, sizeof(grandchild)), static_cast<ssize_t>(sizeof(grandchild)));
    ASSERT_GT(grandchild, 0);
    EXPECT_FALSE(testing::has_ended(grandchild));
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    EXPECT_TRUE(ends_soon(grandchild));
    ::close(ends[0]);
    ::close(ends[1]);
}

// ---- its end --------------------------------------------------------------------------------------------------------

TEST(ChildProcess, TellsHowItEnded)
{
    auto failing = child_process::spawn({"/bin/sh", {"-c", "exit 3"}});
    EXPECT_EQ(wait_for(*failing).status, 3);
    auto crashing = child_process::spawn({"/bin/sh", {"-c", "kill -SEGV $$"}});
    const process_end end = wait_for(*crashing);
    EXPECT_EQ(end.signal, SIGSEGV);
    EXPECT_FALSE(end.status);
    auto running = child_process::spawn({"/bin/sleep", {"1000"}});
    EXPECT_FALSE(running->try_reap());
}

TEST(ChildProcess, KillsWhatItStartedWhenItIsDropped)
{
    pid_t child_pid = -1;
    pid_t background = -1;
    {
        auto child =
            child_process::spawn({"/bin/sh", {"-c", "trap '' TERM; sleep 1000 >&- & echo $!; exec >&-; wait"}});
        ASSERT_TRUE(child) << child.error();
        child_pid = child->pid();
        background = std::stoi(read_to_end(child->take_output()));
    }
    EXPECT_TRUE(ends_soon(background));
    EXPECT_EQ(::waitpid(child_pid, nullptr, WNOHANG), -1) << "reaped";
}

TEST(ChildProcess, ReportsTheStepThatFailed)
{
    const auto missing = child_process::spawn({"/nonexistent/program", {}});
    EXPECT_EQ(missing.error().message(), "/nonexistent/program: execve: No such file or directory");
    const auto starved = child_process::spawn({"/bin/true", {}}, {.open_files = std::size_t{1} << 60U});
    EXPECT_EQ(starved.error().message(), "/bin/true: setrlimit RLIMIT_NOFILE: Operation not permitted");
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no zombie of a child that never was";
}

// ---- which programs
// --------------------------------------------------------------------------------

class CheckProgram : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (::geteuid() != 0) GTEST_SKIP() << "files of root can be made by root only";
        std::string name = (std::filesystem::temp_directory_path() / "nodescope-programs-XXXXXX").string();
        folder_ = mkdtemp(name.data());
        std::ofstream(path()) << "#!/bin/sh\n";
        ASSERT_EQ(::chmod(path().c_str(), 0755), 0);
    }
    void TearDown() override
    {
        if (!folder_.empty()) std::filesystem::remove_all(folder_);
    }
    [[nodiscard]] std::string path() const { return folder_ / "iptables-nft-save"; }
    [[nodiscard]] std::string refusal() const
    {
        const auto checked = check_program(path());
        return checked ? "" : checked.error().message().substr(path().size());
    }

    std::filesystem::path folder_;
};

TEST_F(CheckProgram, AcceptsWhatOnlyRootCanChange)
{
    EXPECT_EQ(refusal(), "");
    const std::filesystem::path link = folder_ / "link";
    std::filesystem::create_symlink("iptables-nft-save", link);
    EXPECT_TRUE(check_program(link));
}

TEST_F(CheckProgram, RefusesWhatOthersCanChange)
{
    ::chmod(path().c_str(), 0775);
    EXPECT_EQ(refusal(), ": not run, because others than its owner may write to it");
    ::chmod(path().c_str(), 0757);
    EXPECT_EQ(refusal(), ": not run, because others than its owner may write to it");
    ::chmod(path().c_str(), 0755);
    ASSERT_EQ(::chown(path().c_str(), 65534, 0), 0);
    EXPECT_EQ(refusal(), ": not run, because it does not belong to root");
    ASSERT_EQ(::chown(path().c_str(), 0, 0), 0);
    ::chmod(folder_.c_str(), 0777);
    EXPECT_EQ(refusal(), ": not run, because others than root may write to its folder");
    EXPECT_EQ(check_program(path()).error().kind(), failure::denied);
}

TEST_F(CheckProgram, JudgesTheTargetOfALink)
{
    const std::filesystem::path other = folder_ / "other";
    std::filesystem::create_directory(other);
    ::chmod(path().c_str(), 0777);
    std::filesystem::create_symlink(path(), other / "link");
    EXPECT_EQ(check_program(other / "link").error().kind(), failure::denied);
}

TEST_F(CheckProgram, SaysWhatIsMissing)
{
    EXPECT_EQ(check_program("/nonexistent/x").error(),
              error(failure::unavailable, "cannot run /nonexistent/x: No such file or directory"));
    ::chmod(path().c_str(), 0644);
    EXPECT_EQ(check_program(path()).error().kind(), failure::unavailable);
    EXPECT_EQ(check_program(folder_).error().kind(), failure::unavailable);
    EXPECT_EQ(check_program("sh").error().kind(), failure::denied);
}

}  // namespace
}  // namespace nodescope
