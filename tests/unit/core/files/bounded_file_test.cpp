#include "core/files/bounded_file.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace nodescope;
using nodescope::testing::temporary_root;

namespace {

files::place at(const temporary_root& root, std::string_view path) { return {root.path(), path}; }

}  // namespace

TEST(ReadFile, GivesAllUpToTheLimit)
{
    const temporary_root root;
    for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 10'000U, 100'000U}) {
        const std::string written(size, 'x');
        root.write("/file", written);
        for (const std::size_t limit : {size, size + 1, size + 10'000}) {
            const auto whole = files::read_file(at(root, "/file"), limit);
            ASSERT_TRUE(whole) << whole.error();
            EXPECT_EQ(whole->text, written);
            EXPECT_FALSE(whole->truncated) << size << " of " << limit;
        }
        if (size == 0) continue;
        const auto cut = files::read_file(at(root, "/file"), size - 1);
        ASSERT_TRUE(cut) << cut.error();
        EXPECT_EQ(cut->text, written.substr(1));
        EXPECT_TRUE(cut->truncated) << size;
    }
}

TEST(ReadFile, ReadsWhatTheKernelGivesNoSizeFor)
{
    const auto text = files::read_file({"/", "/proc/self/stat"}, 10'000);
    ASSERT_TRUE(text) << text.error();
    EXPECT_TRUE(text->text.starts_with(std::to_string(::getpid()) + " "));
}

TEST(ReadFile, OfWhatIsNoFileIsRefusedAtOnce)
{
    const temporary_root root;
    ASSERT_EQ(::mkfifo((root.path() + "/fifo").c_str(), 0600), 0);
    std::filesystem::create_directory(root.path() + "/directory");
    for (const char* name : {"/fifo", "/directory"}) {
        const auto refused = files::read_file(at(root, name), 100);
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error(), error(failure::invalid, "read " + root.path() + name + ": not a regular file"));
    }
    EXPECT_EQ(files::read_file({"/", "/dev/zero"}, 100).error().kind(), failure::invalid);
    EXPECT_EQ(files::read_file(at(root, "/none"), 100).error(),
              error(failure::gone, "read " + root.path() + "/none: No such file or directory"));
}

TEST(ReadWhole, BeginsAtTheBeginningEachTime)
{
    const temporary_root root;
    root.write("/file", "text");
    const unique_fd file = files::open(at(root, "/file"));
    EXPECT_EQ(files::read_whole(file.get(), 10, "file")->text, "text");
    EXPECT_EQ(files::read_whole(file.get(), 10, "file")->text, "text");
}

TEST(ReadWhole, GoesOnAfterShortReads)
{
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const unique_fd from(ends[0]);
    std::thread writer([to = ends[1]] {
        for (int i = 0; i < 100; ++i) EXPECT_EQ(::write(to, "abc", 3), 3);
        ::close(to);
    });
    const auto text = files::read_whole(from.get(), 300, "pipe");
    writer.join();
    ASSERT_TRUE(text) << text.error();
    EXPECT_EQ(text->text.size(), 300U);
    EXPECT_FALSE(text->truncated);
}

TEST(ReadWhole, EndsWithTheErrorOfItsCheck)
{
    const temporary_root root;
    root.write("/file", std::string(10'000, 'x'));
    const unique_fd file = files::open(at(root, "/file"));
    int reads = 0;
    const auto text = files::read_whole(file.get(), 20'000, "file", [&]() -> std::optional<error> {
        if (++reads < 2) return std::nullopt;
        return error(failure::cancelled, "enough");
    });
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error(), error(failure::cancelled, "enough"));
    EXPECT_EQ(reads, 2);
}

TEST(ReadWhole, NamesWhatCouldNotBeRead)
{
    EXPECT_EQ(files::read_whole(-1, 10, "/proc/7/stat").error().message(), "read /proc/7/stat: Bad file descriptor");
}

TEST(ReadPiece, EndsWithTheFirstReadThatLeavesRoom)
{
    const temporary_root root;
    ASSERT_EQ(::mkfifo((root.path() + "/fifo").c_str(), 0600), 0);
    // Nothing says that the pipe has ended, so another read would fail: would have to wait.
    const unique_fd held(::open((root.path() + "/fifo").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_EQ(::write(held.get(), "abc", 3), 3);
    const auto text = files::read_piece_at(AT_FDCWD, root.path() + "/fifo", 300, "fifo");
    ASSERT_TRUE(text) << text.error();
    EXPECT_EQ(text->text, "abc");
    EXPECT_FALSE(text->truncated);
    ASSERT_EQ(::write(held.get(), "abc", 3), 3);
    EXPECT_FALSE(files::read_file_at(AT_FDCWD, root.path() + "/fifo", 300, "fifo"));
}

TEST(ReadPiece, GoesOnWhereTheBufferIsFull)
{
    const temporary_root root;
    const std::string whole(10'000, 'x');
    root.write("/file", whole);
    EXPECT_EQ(files::read_piece_at(AT_FDCWD, root.path() + "/file", 20'000, "file")->text, whole);
    root.write("/file", whole.substr(0, 4096));
    EXPECT_EQ(files::read_piece_at(AT_FDCWD, root.path() + "/file", 20'000, "file")->text, whole.substr(0, 4096));
    const auto cut = files::read_piece_at(AT_FDCWD, root.path() + "/file", 5, "file");
    EXPECT_EQ(cut->text, "xxxxx");
    EXPECT_TRUE(cut->truncated);
    EXPECT_EQ(files::read_piece_at(AT_FDCWD, root.path() + "/none", 5, "none").error(),
              error(failure::gone, "read none: No such file or directory"));
}

TEST(ReadComplete, RefusesALongerFile)
{
    const temporary_root root;
    root.write("/file", "12345");
    const auto file = files::open_regular(at(root, "/file"));
    ASSERT_TRUE(file) << file.error();
    EXPECT_EQ(*files::read_complete(*file, 5, "file"), "12345");
    EXPECT_EQ(files::read_complete(*file, 4, "file").error(), error(failure::too_large, "file is larger than 4 bytes"));
}

TEST(OpenRegular, RefusesAFifoWithoutWaiting)
{
    const temporary_root root;
    const std::string path = root.path() + "/fifo";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(files::open_regular(path).error(), error(failure::invalid, path + " is not a regular file"));
    EXPECT_EQ(files::open_regular(at(root, "/fifo")).error(), error(failure::invalid, path + " is not a regular file"));
    EXPECT_EQ(files::open_regular(root.path() + "/none").error(),
              error(failure::gone, "open " + root.path() + "/none: No such file or directory"));
}
