#include "server/auth/guarded_file.hpp"

#include "tests/support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace nodescope::auth {
namespace {

namespace fs = std::filesystem;

struct GuardedFile : ::testing::Test {
    std::string write(const std::string& text, unsigned mode, const std::string& name = "f")
    {
        const fs::path path = fs::path(folder.path()) / name;
        const fs::path fresh = path.string() + ".new";
        std::ofstream(fresh) << text;
        fs::permissions(fresh, static_cast<fs::perms>(mode));
        fs::rename(fresh, path);
        return path.string();
    }
    testing::temporary_directory folder;
};

TEST_F(GuardedFile, LooksAtTheMode)
{
    EXPECT_EQ(blocking_read_guarded(guarded_file(write("x", 0600), true))->text, "x");
    EXPECT_TRUE(blocking_read_guarded(guarded_file(write("x", 0640), true)));
    EXPECT_TRUE(blocking_read_guarded(guarded_file(write("x", 0644), false)));
    for (const unsigned mode : {0604U, 0644U, 0444U, 0666U}) {
        const auto read = blocking_read_guarded(guarded_file(write("secret", mode), true));
        ASSERT_FALSE(read) << mode;
        EXPECT_EQ(read.error().kind(), failure::denied);
        EXPECT_EQ(read.error().message().find("secret "), std::string::npos);
    }
    EXPECT_FALSE(blocking_read_guarded(guarded_file(write("x", 0602), true)));
    EXPECT_FALSE(blocking_read_guarded(guarded_file(write("x", 0646), false)));
    EXPECT_FALSE(blocking_read_guarded(guarded_file(write("x", 0620), true)));
    EXPECT_FALSE(blocking_read_guarded(guarded_file(write("x", 0664), false)));
}

TEST_F(GuardedFile, LooksAtTheOwner)
{
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
    constexpr uid_t stranger = 65'534;
    const std::string path = write("x", 0600);
    ASSERT_EQ(::chown(path.c_str(), stranger, 0), 0);
    const auto read = blocking_read_guarded(guarded_file(path, true));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind(), failure::denied);
    EXPECT_NE(read.error().message().find("belongs to uid 65534"), std::string::npos);
    EXPECT_FALSE(blocking_read_guarded(guarded_file(path, false)));
    // A link is not looked at, what it leads to is: so Kubernetes mounts Secrets.
    const std::string link = std::string(folder.path()) + "/link";
    fs::create_symlink(write("x", 0400, "ours"), link);
    ASSERT_EQ(::lchown(link.c_str(), stranger, 0), 0);
    EXPECT_TRUE(blocking_read_guarded(guarded_file(link, true)));
}

TEST_F(GuardedFile, TakesRegularFilesOfABoundedSize)
{
    EXPECT_EQ(blocking_read_guarded(guarded_file(folder.path(), false)).error().kind(), failure::invalid);
    EXPECT_EQ(blocking_read_guarded(guarded_file(std::string(folder.path()) + "/none", false)).error().kind(),
              failure::gone);
    EXPECT_TRUE(blocking_read_guarded(guarded_file(write(std::string(guarded_file_limit, 'x'), 0600), true)));
    EXPECT_EQ(
        blocking_read_guarded(guarded_file(write(std::string(guarded_file_limit + 1, 'x'), 0600), true)).error().kind(),
        failure::too_large);
}

TEST_F(GuardedFile, IsReadAgainWhenOneChanged)
{
    const std::vector<guarded_file> files{guarded_file(write("a", 0600, "a"), true),
                                          guarded_file(write("b", 0600, "b"), true)};
    const auto first = blocking_read_changed(files, {});
    ASSERT_TRUE(first && *first);
    std::vector<file_state> states;
    for (const file_content& content : **first) states.push_back(content.state);
    EXPECT_FALSE(blocking_read_changed(files, states)->has_value());
    write("c", 0600, "b");
    const auto second = blocking_read_changed(files, states);
    ASSERT_TRUE(second && *second);
    EXPECT_EQ((**second)[0].text, "a");
    EXPECT_EQ((**second)[1].text, "c");
    fs::remove(files[0].path);
    EXPECT_FALSE(blocking_read_changed(files, states));
}

}  // namespace
}  // namespace nodescope::auth
