// A pipe in the place of /proc/PID/cmdline stands for a process whose memory is locked: opening it waits for a writer.
#include "collectors/host/reader/child_reader.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/reader/reader_program.hpp"
#include "core/files/directory.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace nodescope::host {
namespace {

using namespace std::chrono_literals;

/// This program is the reader too, as the service is: glibc hands the arguments to constructors.
[[gnu::constructor]] void be_the_reader(int argc, char** argv, char**)
{
    if (argc == 3 && argv[1] == reader_word) std::_Exit(run_reader(STDIN_FILENO, argv[2]));
}

class ChildReader : public ::testing::Test {
protected:
    ChildReader() { options_.root = root_.path(); }

    void add(int pid, const std::string& command)
    {
        const std::string directory = fmt::format("/proc/{}", pid);
        root_.write(directory + "/stat",
                    fmt::format("{} (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {} 0 0 0 0\n", pid, start_of(pid)));
        root_.write(directory + "/cmdline", command);
    }
    void add_hanging(int pid)
    {
        add(pid, "");
        const std::string file = fmt::format("{}/proc/{}/cmdline", root_.path(), pid);
        ASSERT_EQ(::unlink(file.c_str()), 0);
        ASSERT_EQ(::mkfifo(file.c_str(), 0644), 0);
    }
    static std::uint64_t start_of(int pid) { return 1000U + static_cast<unsigned>(pid); }

    child_reader& reader()
    {
        if (!reader_) reader_.emplace(options_);
        return *reader_;
    }
    result<files::file_text> ask(int pid)
    {
        return reader().blocking_command_line(pid, start_of(pid), deadline::in(testing::hang_limit));
    }
    static std::vector<pid_t> children()
    {
        std::vector<pid_t> found;
        const auto text = files::read_file({"/", fmt::format("/proc/self/task/{}/children", ::gettid())}, 4096);
        std::istringstream words(text ? text->text : "");
        for (pid_t pid = 0; words >> pid;) found.push_back(pid);
        return found;
    }
    static std::size_t open_files()
    {
        files::directory entries(files::open({"/", "/proc/self/fd"}, O_RDONLY | O_DIRECTORY));
        std::size_t count = 0;
        while (entries.next() != nullptr) ++count;
        return count;
    }

    testing::temporary_root root_;
    child_reader_options options_;
    std::optional<child_reader> reader_;
};

TEST_F(ChildReader, ReadsCommandLines)
{
    using namespace std::string_literals;
    add(7, "sleep\0001000\0"s);
    add(8, "");
    const auto seven = ask(7);
    ASSERT_TRUE(seven) << seven.error();
    EXPECT_EQ(seven->text, "sleep\0001000\0"s);
    EXPECT_FALSE(seven->truncated);
    EXPECT_EQ(ask(8).value().text, "");
    EXPECT_EQ(reader().statistics().started, 1U) << "one process for all questions";
}

TEST_F(ChildReader, CutsALongOneAndSaysSo)
{
    add(7, std::string(reader_text_bytes, 'a'));
    add(8, std::string(reader_text_bytes + 1, 'a'));
    EXPECT_FALSE(ask(7).value().truncated);
    EXPECT_TRUE(ask(8).value().truncated);
    EXPECT_EQ(ask(8).value().text, std::string(reader_text_bytes, 'a'));
}

TEST_F(ChildReader, AnswersForNoOtherProcessOfThatNumber)
{
    add(7, "later");
    const auto got = reader().blocking_command_line(7, start_of(7) - 1, deadline::in(testing::hang_limit));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), error(failure::gone, "process 7 has ended"));
    EXPECT_EQ(ask(9).error(), error(failure::gone, "process 9 has ended"));
}

TEST_F(ChildReader, IsKilledForOneThatHangsAndReadsTheOthers)
{
    add_hanging(7);
    add(8, "eight");
    EXPECT_EQ(ask(8).value().text, "eight");

    const auto hung = ask(7);

    ASSERT_FALSE(hung);
    EXPECT_EQ(hung.error(), error(failure::timed_out,
                                  "the command line was not read within 50ms: the process keeps its memory locked"));
    EXPECT_EQ(children().size(), 0U) << "the reader is gone";
    EXPECT_EQ(ask(8).value().text, "eight");
    EXPECT_EQ(reader().statistics().started, 2U);
    EXPECT_EQ(reader().statistics().hung, 1U);
}

TEST_F(ChildReader, DoesNotHangTwiceOnTheSameProcess)
{
    add_hanging(7);
    ASSERT_FALSE(ask(7));
    const auto again = ask(7);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error(),
              error(failure::timed_out, "the command line is not asked for: reading it hung less than 1m ago"));
    EXPECT_EQ(reader().statistics().hung, 1U);
    // Another process with its number is another matter.
    EXPECT_EQ(reader().blocking_command_line(7, 1, deadline::in(testing::hang_limit)).error().kind(), failure::gone);
}

TEST_F(ChildReader, AsksAgainAfterAWhile)
{
    options_.memory = 0ms;
    add_hanging(7);
    ASSERT_FALSE(ask(7));
    ASSERT_FALSE(ask(7));
    EXPECT_EQ(reader().statistics().hung, 2U);
    ASSERT_EQ(::unlink((root_.path() + "/proc/7/cmdline").c_str()), 0);
    add(7, "free again");
    EXPECT_EQ(ask(7).value().text, "free again");
}

TEST_F(ChildReader, RemembersABoundedNumber)
{
    options_.remembered = 1;
    add_hanging(7);
    add_hanging(8);
    ASSERT_FALSE(ask(7));
    ASSERT_FALSE(ask(8));
    ASSERT_FALSE(ask(8));
    EXPECT_EQ(reader().statistics().hung, 2U);
    ASSERT_FALSE(ask(7)) << "forgotten";
    EXPECT_EQ(reader().statistics().hung, 3U);
}

TEST_F(ChildReader, StartsAgainWhenItWasKilledByOthers)
{
    add(7, "seven");
    ASSERT_TRUE(ask(7));
    const auto first = children();
    ASSERT_EQ(first.size(), 1U);
    ASSERT_EQ(::kill(first.front(), SIGKILL), 0);
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(first.front()), &ended, WEXITED | WNOWAIT), 0);

    EXPECT_EQ(ask(7).value().text, "seven");
    EXPECT_EQ(children().size(), 1U);
    EXPECT_EQ(reader().statistics().hung, 0U);
}

TEST_F(ChildReader, LeavesNothingBehind)
{
    add(7, "seven");
    add_hanging(8);
    const std::size_t before = open_files();
    ASSERT_TRUE(ask(7));
    ASSERT_FALSE(ask(8));
    ASSERT_TRUE(ask(7));
    reader().blocking_end();
    EXPECT_EQ(children().size(), 0U);
    EXPECT_EQ(open_files(), before);
    EXPECT_EQ(ask(7).value().text, "seven") << "the next question starts it again";
    reader_.reset();
    EXPECT_EQ(children().size(), 0U);
    EXPECT_EQ(open_files(), before);
}

TEST_F(ChildReader, SaysThatItCannotBeStarted)
{
    add(7, "seven");
    options_.program = root_.path() + "/missing";
    const auto missing = ask(7);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().kind(), failure::unavailable);
    EXPECT_NE(missing.error().message().find("/missing: execve: No such file"), std::string::npos) << missing.error();
}

TEST_F(ChildReader, SaysThatItEndsAtOnce)
{
    add(7, "seven");
    options_.program = "/bin/false";
    const auto ended = ask(7);
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind(), failure::unavailable);
}

TEST_F(ChildReader, ServesSeveralThreads)
{
    for (int pid = 1; pid <= 50; ++pid) add(pid, std::to_string(pid));
    std::vector<std::thread> threads;
    threads.reserve(4);
    std::atomic<int> wrong = 0;
    ASSERT_TRUE(ask(1)) << "started by a thread that stays";
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int pid = 1; pid <= 50; ++pid) {
                const auto got = ask(pid);
                if (!got || got->text != std::to_string(pid)) ++wrong;
            }
        });
    }
    for (std::thread& one : threads) one.join();
    EXPECT_EQ(wrong, 0);
}

TEST_F(ChildReader, FindsThisProcessOnTheRealNode)
{
    options_.root = "/";
    const auto stat = files::read_file({"/", "/proc/self/stat"}, 4096);
    ASSERT_TRUE(stat);
    const auto start = parse_process_stat(stat->text);
    ASSERT_TRUE(start);
    const auto got = reader().blocking_command_line(::getpid(), start->start_ticks, deadline::in(testing::hang_limit));
    ASSERT_TRUE(got) << got.error();
    EXPECT_NE(got->text.find("unit_host"), std::string::npos) << got->text;
}

}  // namespace
}  // namespace nodescope::host
