#include "core/files/file_status.hpp"

#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace nodescope {
namespace {

using files::file_version;
using files::status_of;
using testing::temporary_root;

TEST(StatusOf, FollowsLinksAsOpenDoes)
{
    const temporary_root root;
    root.write("/etc/hosts", "text");
    std::filesystem::create_symlink("/etc/hosts", root.path() + "/link");
    const auto below = status_of({root.path(), "/link"});
    ASSERT_TRUE(below);
    EXPECT_EQ(below->st_size, 4);
    const auto by_our_own = status_of({"/", root.path() + "/etc/hosts"});
    ASSERT_TRUE(by_our_own);
    EXPECT_EQ(by_our_own->st_ino, below->st_ino);
    EXPECT_FALSE(status_of({root.path(), "/none"}));
    EXPECT_EQ(errno, ENOENT);
    EXPECT_FALSE(status_of({"/", root.path() + "/none"}));
    EXPECT_EQ(errno, ENOENT);
}

TEST(StatusOf, DoesNotFollowTheKernelsLinksBelowAnotherRoot)
{
    EXPECT_TRUE(status_of({"/", "/proc/self/ns/net"}));
    EXPECT_FALSE(status_of({"/proc", "/self/ns/net"}));
}

TEST(FileVersion, ChangesWithTheFile)
{
    const temporary_root root;
    const files::place where(root.path(), "/file");
    const auto now = [&] { return file_version(status_of(where)); };
    EXPECT_EQ(now(), file_version()) << "not there";
    root.write("/file", "one");
    const file_version first = now();
    EXPECT_NE(first, file_version());
    EXPECT_EQ(now(), first);
    root.write("/file", "other");
    const file_version second = now();
    EXPECT_NE(second, first);
    root.write("/new", "other");
    std::filesystem::rename(root.path() + "/new", root.path() + "/file");
    EXPECT_NE(now(), second) << "another file of the same size";
    std::filesystem::remove(root.path() + "/file");
    ASSERT_EQ(::mkfifo((root.path() + "/file").c_str(), 0600), 0);
    EXPECT_EQ(now(), file_version()) << "no regular file";
}

}  // namespace
}  // namespace nodescope
