#include "core/files/foreign_file.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace nodescope;
using nodescope::testing::temporary_root;

namespace {

struct ForeignFile : ::testing::Test {
    result<files::file_text> read(const std::string& path, std::size_t limit = 100) const
    {
        return files::read_foreign_file(inside, path, limit);
    }
    temporary_root root;
    temporary_root outside;
    unique_fd inside{::open(root.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
};

}  // namespace

TEST_F(ForeignFile, IsReadToTheLimit)
{
    root.write("/etc/file", "0123456789");
    const auto whole = read("/etc/file", 10);
    ASSERT_TRUE(whole) << whole.error();
    EXPECT_EQ(whole->text, "0123456789");
    EXPECT_FALSE(whole->truncated);
    const auto cut = read("/etc/file", 4);
    ASSERT_TRUE(cut) << cut.error();
    EXPECT_EQ(cut->text, "0123");
    EXPECT_TRUE(cut->truncated);
}

TEST_F(ForeignFile, LinksLeadNowhereElse)
{
    outside.write("/secret", "the node's");
    root.write("/secret", "the container's");
    root.link("/absolute", outside.path() + "/secret");
    root.link("/relative", "../../../.." + outside.path() + "/secret");
    root.link("/own", "/secret");
    root.link("/circle", "/circle");
    for (const char* name : {"/absolute", "/relative"}) {
        ASSERT_FALSE(read(name)) << name;
        EXPECT_EQ(read(name).error().kind(), failure::gone);
    }
    EXPECT_FALSE(read("/circle"));
    ASSERT_TRUE(read("/own"));
    EXPECT_EQ(read("/own")->text, "the container's");
    ASSERT_TRUE(read("/../../secret"));
    EXPECT_EQ(read("/../../secret")->text, "the container's");
}

TEST_F(ForeignFile, WhatIsNoPlainFileIsNotOpened)
{
    ASSERT_EQ(::mkfifo((root.path() + "/fifo").c_str(), 0600), 0);
    std::filesystem::create_directory(root.path() + "/directory");
    for (const char* name : {"/fifo", "/directory"}) {
        const auto refused = read(name);
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error(), error(failure::denied, std::string(name) + " in the container is no plain file"));
    }
    // Nobody has opened the pipe for reading: whoever writes would wait.
    const unique_fd writer(::open((root.path() + "/fifo").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    EXPECT_FALSE(writer);
}

TEST_F(ForeignFile, WhatTheKernelMakesUpIsRefused)
{
    const unique_fd own(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (const char* name : {"/proc/self/environ", "/proc/1/environ", "/sys/kernel/mm/transparent_hugepage/enabled"}) {
        const auto refused = files::read_foreign_file(own, name, 100);
        ASSERT_FALSE(refused) << name;
    }
    EXPECT_EQ(files::read_foreign_file(own, "/proc/1/environ", 100).error().kind(), failure::denied);
    EXPECT_EQ(files::read_foreign_file(own, "/dev/zero", 100).error().kind(), failure::denied);
}

TEST_F(ForeignFile, ANameIsEscapedInASentence)
{
    const auto none = read("/no\nne\x1b");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().message(), "open /no\\nne\\x1b in the container: No such file or directory");
}

TEST_F(ForeignFile, TheCheckEndsTheReading)
{
    root.write("/file", "text");
    const auto stopped = files::read_foreign_file(
        inside, "/file", 100, [] { return std::optional<error>(error(failure::timed_out, "over")); });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().message(), "over");
}

TEST(OpenRootOf, AProcessThatHasEndedHasNone)
{
    const unique_fd self(::open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC));
    EXPECT_TRUE(files::open_root_of(self.get()));
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    const unique_fd ended(::open(("/proc/" + std::to_string(child)).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto none = files::open_root_of(ended.get());
    ::waitpid(child, nullptr, 0);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind(), failure::gone);
}
