#include "core/files/root.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include <sys/stat.h>
#include <sys/sysmacros.h>

using namespace nodescope;
using nodescope::testing::temporary_root;

namespace {

// What stands behind `path` below the root; "-" and the reason when it cannot be opened.
using opener = unique_fd (*)(const files::place&, int);

std::string read_by(opener open, const temporary_root& root, std::string_view path)
{
    const unique_fd file = open({root.path(), path}, O_RDONLY);
    if (!file) return std::string("-") + ::strerrorname_np(errno);
    const auto text = files::read_whole(file.get(), 100, path);
    return text ? text->text : text.error().message();
}

// Both ways below a root: by the kernel, and by hand where the kernel or a filter has no openat2.
class InRoot : public ::testing::TestWithParam<opener> {
protected:
    [[nodiscard]] std::string read(std::string_view path) const { return read_by(GetParam(), root, path); }
    [[nodiscard]] unique_fd open(std::string_view path, int flags) const
    {
        return GetParam()({root.path(), path}, flags);
    }
    const temporary_root root;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(BothWays, InRoot, ::testing::Values(&files::open, &files::open_step_by_step));

TEST_P(InRoot, AbsoluteLinksMeanTheHost)
{
    root.write("/run/docker.pid", "17");
    root.link("/var/run", "/run");
    root.link("/etc/pid", "/var/run/docker.pid");
    EXPECT_EQ(read("/var/run/docker.pid"), "17");
    EXPECT_EQ(read("var/run//./docker.pid"), "17");
    EXPECT_EQ(read("/etc/pid"), "17");
}

TEST_P(InRoot, NoLinkLeadsOut)
{
    const temporary_root outside;
    outside.write("/secret", "secret");
    root.write("/etc/hosts", "hosts");
    root.link("/etc/absolute", outside.path() + "/secret");
    root.link("/etc/directory", outside.path());
    root.link("/etc/upwards", "../../../../../../../../../../" + outside.path() + "/secret");
    root.link("/etc/climbing", "../../../../etc/hosts");
    EXPECT_EQ(read("/etc/absolute"), "-ENOENT");
    EXPECT_EQ(read("/etc/directory/secret"), "-ENOENT");
    EXPECT_EQ(read("/etc/upwards"), "-ENOENT");
    EXPECT_EQ(read("/../../../.." + outside.path() + "/secret"), "-ENOENT");
    EXPECT_EQ(read("/etc/climbing"), "hosts");
    EXPECT_EQ(read("/etc/../../etc/hosts"), "hosts");
}

TEST_P(InRoot, LinksInACircleEnd)
{
    root.link("/a", "/b");
    root.link("/b", "a");
    root.link("/self", "self/self");
    EXPECT_EQ(read("/a"), "-ELOOP");
    EXPECT_EQ(read("/self"), "-ELOOP");
}

TEST_P(InRoot, WhatIsNotThereFailsAsInTheKernel)
{
    root.write("/file", "x");
    root.link("/dangling", "/nothing");
    EXPECT_EQ(read("/nothing"), "-ENOENT");
    EXPECT_EQ(read("/nothing/below"), "-ENOENT");
    EXPECT_EQ(read("/dangling"), "-ENOENT");
    EXPECT_EQ(read("/file/below"), "-ENOTDIR");
    EXPECT_EQ(read("/file/"), "-ENOTDIR");
    EXPECT_EQ(read("/" + std::string(300, 'n')), "-ENAMETOOLONG");
}

TEST_P(InRoot, DirectoriesLinksAndHandles)
{
    root.write("/run/netns/blue", "");
    root.link("/var/run", "/run");
    EXPECT_TRUE(open("/", O_PATH | O_DIRECTORY));
    files::directory entries(open("/var/run/netns", O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(entries);
    const dirent* const first = entries.next();
    ASSERT_NE(first, nullptr);
    EXPECT_STREQ(first->d_name, "blue");

    struct stat status {};
    const unique_fd link = open("/var/run", O_PATH | O_NOFOLLOW);
    ASSERT_EQ(::fstat(link.get(), &status), 0);
    EXPECT_TRUE(S_ISLNK(status.st_mode));
    EXPECT_FALSE(open("/var/run", O_PATH | O_NOFOLLOW | O_DIRECTORY));
    EXPECT_FALSE(open("/run/netns/blue", O_RDONLY | O_DIRECTORY));
}

TEST_P(InRoot, AFifoDoesNotHoldUsUp)
{
    ASSERT_EQ(::mkfifo((root.path() + "/fifo").c_str(), 0600), 0);
    EXPECT_EQ(read("/fifo"), "");
}

TEST(OwnRoot, IsOpenedAsTheKernelDoes)
{
    const temporary_root root;
    root.write("/file", "x");
    root.link("/link", root.path() + "/file");
    EXPECT_EQ(files::read_file({"/", root.path() + "/link"}, 10)->text, "x");
    EXPECT_EQ(files::read_file({"", root.path() + "/link"}, 10)->text, "x");
    // Links the kernel makes up are followed by openat and refused below another root.
    EXPECT_TRUE(files::open({"/", "/proc/self/ns/net"}));
    EXPECT_FALSE(files::open({"/../", "/proc/self/ns/net"}));
    EXPECT_EQ(files::read_link({"/", "/proc/self"}), std::to_string(::getpid()));
    EXPECT_EQ(files::read_link({"/../", "/proc/self"}), std::to_string(::getpid()));
    EXPECT_EQ(files::read_link({"/", root.path() + "/file"}), std::nullopt);
}

TEST(OwnRoot, IsToldByItsName)
{
    EXPECT_TRUE(files::is_own_root("/"));
    EXPECT_TRUE(files::is_own_root(""));
    EXPECT_TRUE(files::is_own_root("//"));
    EXPECT_FALSE(files::is_own_root("/host"));
}

TEST(Place, IsShownWithoutDoubledSlashes)
{
    EXPECT_EQ(files::place("/", "/proc").shown(), "/proc");
    EXPECT_EQ(files::place("", "/proc").shown(), "/proc");
    EXPECT_EQ(files::place("/host", "/proc").shown(), "/host/proc");
    EXPECT_EQ(files::place("/host//", "/proc").shown(), "/host/proc");
    EXPECT_EQ(files::place("/host", "proc").shown(), "/host/proc");
    EXPECT_EQ((files::place("/host", "/proc") / "1" / "ns/net").shown(), "/host/proc/1/ns/net");
    EXPECT_EQ((files::place("/host", "/") / "proc").shown(), "/host/proc");
}

TEST(ARootThatIsNotThere, IsAFailureWithItsReason)
{
    const auto opened = files::open_directory({"/nonexistent/root", "/proc"});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), error(failure::gone, "open /nonexistent/root/proc: No such file or directory"));
    errno = 0;
    EXPECT_FALSE(files::open_step_by_step({"/nonexistent/root", "/proc"}, O_RDONLY));
    EXPECT_EQ(errno, ENOENT);
}
