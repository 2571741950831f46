#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

using namespace nodescope;
using nodescope::testing::temporary_root;

namespace {

std::set<std::string> names_in(files::directory& entries)
{
    std::set<std::string> names;
    while (const dirent* const entry = entries.next()) names.emplace(static_cast<const char*>(entry->d_name));
    return names;
}

}  // namespace

TEST(Directory, GivesAllEntriesButItselfAndItsParent)
{
    const temporary_root root;
    std::set<std::string> expected{".hidden", "...", "a\nb"};
    for (int i = 0; i < 1000; ++i) expected.insert("entry" + std::to_string(i));
    for (const std::string& name : expected) root.write("/" + name, "");

    files::directory entries(files::open({"/", root.path()}, O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(entries);
    EXPECT_EQ(names_in(entries), expected);
    EXPECT_EQ(entries.failure(), 0);
}

TEST(Directory, MayBeEmpty)
{
    const temporary_root root;
    files::directory entries(files::open({"/", root.path()}, O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(entries);
    EXPECT_EQ(names_in(entries), std::set<std::string>());
    EXPECT_EQ(entries.failure(), 0);
}

TEST(Directory, IsNoneWhereNothingWasOpenedOrAFile)
{
    const temporary_root root;
    root.write("/file", "");
    EXPECT_FALSE(files::directory());
    EXPECT_FALSE(files::directory(unique_fd()));
    EXPECT_FALSE(files::directory(files::open({"/", root.path() + "/file"})));
}

TEST(Directory, TellsTheEndFromAFailure)
{
    const temporary_root root;
    std::filesystem::create_directory(root.path() + "/gone");
    files::directory entries(files::open({"/", root.path() + "/gone"}, O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(entries);
    ::close(entries.descriptor());
    EXPECT_EQ(entries.next(), nullptr);
    EXPECT_EQ(entries.failure(), EBADF);
}
