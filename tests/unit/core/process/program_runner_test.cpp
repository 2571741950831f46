#include "core/process/program_runner.hpp"

#include "tests/support/run_task.hpp"
#include "tests/unit/core/process/has_ended.hpp"

#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>

namespace nodescope {
namespace {

using namespace std::chrono_literals;
using testing::run_task;
using testing::run_until;

std::size_t open_descriptors()
{
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

class ProgramRunner : public ::testing::Test {
protected:
    ~ProgramRunner() override
    {
        EXPECT_TRUE(run_until(reactor_, [this] { return runner_.alive() == 0; }));
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
    }

    task<result<program_output>> start(std::string script, deadline limit, output_limits allowed)
    {
        spawn_place here = [](const auto& spawn) { return spawn(); };
        program what{"/bin/sh", {"-c", std::move(script)}};
        return runner_.run("helper", std::move(what), allowed, std::move(here), limit);
    }
    result<program_output> run(std::string script, steady_clock::duration limit = 20s, output_limits allowed = {})
    {
        return run_task(reactor_, start(std::move(script), deadline::in(limit), allowed));
    }

    boost::asio::io_context reactor_{1};
    worker_pool pool_;
    program_runner runner_{reactor_.get_executor(), pool_};
};

TEST_F(ProgramRunner, ReturnsBothStreamsAndTheStatus)
{
    const auto got = run("echo out; echo err >&2; exit 3");
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->text, "out\n");
    EXPECT_EQ(got->errors, "err\n");
    EXPECT_EQ(got->end.status, 3);
    EXPECT_FALSE(got->truncated);
}

TEST_F(ProgramRunner, ReadsBothStreamsAtOnce)
{
    // Each is more than a pipe holds; reading one after the other would hang.
    const auto got = run("head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero", 20s, {.errors = 300000});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->text.size(), 300000U);
    EXPECT_EQ(got->errors.size(), 300000U);
}

TEST_F(ProgramRunner, CutsEndlessOutputAndKills)
{
    const auto got = run("yes", 20s, {.output = 100000});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->text.size(), 100000U);
    EXPECT_TRUE(got->truncated);
    EXPECT_EQ(got->end.signal, SIGKILL);
}

TEST_F(ProgramRunner, DoesNotCutOutputOfExactlyTheLimit)
{
    const auto got = run("head -c 100000 /dev/zero", 20s, {.output = 100000});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->text.size(), 100000U);
    EXPECT_FALSE(got->truncated);
}

TEST_F(ProgramRunner, KillsWhatFloodsStandardError)
{
    const auto got = run("yes >&2");
    EXPECT_EQ(got.error(), error(failure::too_large, "helper: more than 4096 bytes on standard error"));
}

TEST_F(ProgramRunner, KillsTheWholeGroupAtTheDeadline)
{
    std::string file = (std::filesystem::temp_directory_path() / "nodescope-pids-XXXXXX").string();
    ::close(mkstemp(file.data()));
    const auto got = run("trap '' TERM; sleep 1000 & echo $$ $! > " + file + "; wait", 300ms);
    EXPECT_EQ(got.error(), error(failure::timed_out, "helper: not finished within 300ms"));
    pid_t leader = -1;
    pid_t background = -1;
    std::ifstream(file) >> leader >> background;
    std::filesystem::remove(file);
    ASSERT_GT(background, 0);
    ASSERT_TRUE(run_until(reactor_, [&] { return runner_.alive() == 0 && testing::has_ended(background); }));
    EXPECT_TRUE(testing::has_ended(leader));
    EXPECT_TRUE(testing::has_ended(background));
}

TEST_F(ProgramRunner, DoesNotWaitForWhatAProgramLeftBehind)
{
    const auto got = run("echo done; sleep 1000 & exit 0");
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->text, "done\n");
    EXPECT_EQ(got->end.status, 0);
}

TEST_F(ProgramRunner, GivesUpOnAPipeThatAnEscapedProcessHolds)
{
    // Field 6 is the session: leave only when the other has left.
    const auto got = run("setsid sleep 1 & until [ $(cut -d' ' -f6 /proc/$!/stat) = $! ]; do :; done", 300ms);
    EXPECT_EQ(got.error().kind(), failure::timed_out);
}

TEST_F(ProgramRunner, KillsAtOnceWhenTheCallerGoesAway)
{
    boost::asio::cancellation_signal stop;
    result<program_output> got = error(failure::internal, "not run");
    bool ended = false;
    boost::asio::co_spawn(
        reactor_, start("sleep 1000", deadline::in(1h), output_limits()),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, result<program_output> value) {
            got = std::move(value);
            ended = true;
        }));
    ASSERT_TRUE(run_until(reactor_, [&] { return runner_.alive() == 1; }));
    stop.emit(boost::asio::cancellation_type::terminal);
    ASSERT_TRUE(run_until(reactor_, [&] { return ended && runner_.alive() == 0; }));
    EXPECT_EQ(got.error(), error(failure::cancelled, "helper: the caller went away"));
}

TEST_F(ProgramRunner, EndsAChildWhoseCallerWentAwayWhileItWasSpawned)
{
    std::promise<void> caller_left;
    spawn_place slow = [left = caller_left.get_future().share()](const auto& spawn) {
        auto child = spawn();
        left.wait();
        return child;
    };
    program what{"/bin/sleep", {"1000"}};
    const auto got =
        run_task(reactor_, runner_.run("helper", std::move(what), {}, std::move(slow), deadline::in(20ms)));
    EXPECT_EQ(got.error(), error(failure::timed_out, "helper: not finished within 20ms"));
    caller_left.set_value();
    ASSERT_TRUE(run_until(reactor_, [&] { return pool_.busy() == 0; }));
    reactor_.poll();
}

TEST_F(ProgramRunner, PassesOnWhyAProgramCannotRun)
{
    spawn_place here = [](const auto& spawn) { return spawn(); };
    program missing{"/nonexistent/x", {}};
    EXPECT_EQ(run_task(reactor_, runner_.run("nat: x", std::move(missing), {}, here, deadline::in(20s))).error(),
              error(failure::unavailable, "nat: x: cannot run /nonexistent/x: No such file or directory"));
    spawn_place nowhere = [](const auto&) -> result<child_process> { return error(failure::gone, "no namespace"); };
    program shell{"/bin/sh", {}};
    EXPECT_EQ(run_task(reactor_, runner_.run("nat: x", std::move(shell), {}, nowhere, deadline::in(20s))).error(),
              error(failure::gone, "nat: x: no namespace"));
}

TEST_F(ProgramRunner, LetsTwoRunAtOnceAndOthersWaitUnderTheirDeadline)
{
    std::vector<boost::asio::cancellation_signal> stops(2);
    std::size_t ended = 0;
    for (auto& stop : stops) {
        boost::asio::co_spawn(
            reactor_, start("exec sleep 1000", deadline::in(1h), output_limits()),
            boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, const auto&) { ++ended; }));
    }
    ASSERT_TRUE(run_until(reactor_, [&] { return runner_.alive() == 2; }));
    EXPECT_EQ(run("echo x", 50ms).error(),
              error(failure::timed_out, "helper: helper programs: all 2 places busy for 50ms"));
    for (auto& stop : stops) stop.emit(boost::asio::cancellation_type::terminal);
    ASSERT_TRUE(run_until(reactor_, [&] { return ended == 2 && runner_.alive() == 0; }));
    EXPECT_EQ(run("echo x")->text, "x\n");
}

TEST_F(ProgramRunner, OpensNothingThatAnotherProgramWouldInherit)
{
    const auto inheritable = [] {
        std::set<std::string> found;
        for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
            const int flags = ::fcntl(std::stoi(each.path().filename()), F_GETFD);
            if (flags >= 0 && (flags & FD_CLOEXEC) == 0) found.insert(each.path().filename());
        }
        return found;
    };
    const auto before = inheritable();
    boost::asio::cancellation_signal stop;
    bool ended = false;
    boost::asio::co_spawn(
        reactor_, start("sleep 1000", deadline::in(1h), output_limits()),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, const auto&) { ended = true; }));
    ASSERT_TRUE(run_until(reactor_, [&] { return runner_.alive() == 1; }));
    EXPECT_EQ(inheritable(), before);
    stop.emit(boost::asio::cancellation_type::terminal);
    ASSERT_TRUE(run_until(reactor_, [&] { return ended; }));
}

TEST_F(ProgramRunner, LeaksNoDescriptors)
{
    run("exit 0");
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        run("echo x");
        run("yes", 20s, {.output = 1000});
        run("sleep 1000", 5ms);
    }
    ASSERT_TRUE(run_until(reactor_, [&] { return runner_.alive() == 0; }));
    // The last ones are closed by the handlers of cancelled timers, and by what has seen the ends of the programs.
    EXPECT_TRUE(run_until(reactor_, [&] { return open_descriptors() == before; })) << open_descriptors() - before;
}

/// Holds processes that were killed: the end of a traced process is the tracer's, and it does not take it. To its
/// parent that looks as if the process hung in the kernel.
class tracer {
public:
    explicit tracer(const std::vector<pid_t>& victims)
    {
        std::array<int, 2> ready{};
        if (::pipe(ready.data()) != 0) throw std::runtime_error("pipe failed");
        pid_ = ::fork();
        if (pid_ == 0) {
            bool all = true;
            for (const pid_t victim : victims) all = ::ptrace(PTRACE_SEIZE, victim, nullptr, nullptr) == 0 && all;
            if (::write(ready[1], all ? "1" : "0", 1) != 1) ::_exit(1);
            for (;;) ::pause();
        }
        char got = '0';
        attached = ::read(ready[0], &got, 1) == 1 && got == '1';
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~tracer()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    tracer(const tracer&) = delete;
    tracer& operator=(const tracer&) = delete;
    bool attached = false;

private:
    pid_t pid_ = -1;
};

TEST_F(ProgramRunner, LimitsProgramsThatDoNotEnd)
{
    std::vector<pid_t> pids;
    std::vector<boost::asio::cancellation_signal> stops(program_runner::stuck_limit);
    for (auto& stop : stops) {
        spawn_place here = [&pids](const auto& spawn) {
            auto child = spawn();
            pids.push_back(child->pid());
            return child;
        };
        program what{"/bin/sleep", {"1000"}};
        boost::asio::co_spawn(reactor_, runner_.run("helper", std::move(what), {}, std::move(here), deadline::in(1h)),
                              boost::asio::bind_cancellation_slot(stop.slot(), [](std::exception_ptr, const auto&) {}));
        const std::size_t wanted = pids.size() + 1;
        ASSERT_TRUE(run_until(reactor_, [&] { return runner_.alive() == wanted; }));
    }
    ASSERT_EQ(pids.size(), program_runner::stuck_limit);
    {
        const tracer holding(pids);
        if (!holding.attached) GTEST_SKIP() << "ptrace is not allowed here";
        for (auto& stop : stops) stop.emit(boost::asio::cancellation_type::terminal);
        ASSERT_TRUE(run_until(reactor_, [&] { return runner_.stuck() == program_runner::stuck_limit; }));
        EXPECT_EQ(runner_.stuck(), program_runner::stuck_limit);
        EXPECT_EQ(run("echo x").error(),
                  error(failure::overloaded, "helper: 2 helper programs were killed and do not end, try again later"));
    }
    ASSERT_TRUE(run_until(reactor_, [&] { return runner_.alive() == 0; }));
    EXPECT_EQ(runner_.stuck(), 0U);
    EXPECT_EQ(run("echo x")->text, "x\n");
}

}  // namespace
}  // namespace nodescope
