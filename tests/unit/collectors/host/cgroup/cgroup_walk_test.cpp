#include "collectors/host/cgroup/cgroup_walk.hpp"

#include "collectors/host/cgroup/container_cgroup.hpp"
#include "tests/support/fixtures.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

using namespace nodescope;
using namespace nodescope::host;
using nodescope::testing::temporary_root;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

void make_cgroup_directory(const temporary_root& root, const std::string& path)
{
    std::filesystem::create_directories(root.path() + path);
}

// Anybody may make directories in it.
void hand_over(const temporary_root& root, const std::string& path)
{
    make_cgroup_directory(root, path);
    std::filesystem::permissions(root.path() + path, std::filesystem::perms::all);
}

cgroup_layout one_hierarchy(const temporary_root& root)
{
    cgroup_layout layout;
    layout.hierarchies = {root.path()};
    return layout;
}

bool has(const cgroup_set& set, const std::string& path)
{
    return std::binary_search(set.paths.begin(), set.paths.end(), path);
}

cgroup_set find(const cgroup_layout& layout)
{
    const abandon_flag nobody;
    const auto set = blocking_find_cgroups(layout, deadline::in(std::chrono::minutes(1)), nobody);
    EXPECT_TRUE(set) << set.error();
    return set ? *set : cgroup_set();
}

}  // namespace

TEST(CgroupWalk, WithoutMountsFindsNothing)
{
    const abandon_flag nobody;
    const auto set = blocking_find_cgroups(cgroup_layout(), deadline::in(seconds(1)), nobody);
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error(), error(failure::unavailable, "cgroups: none are mounted on this node"));
}

TEST(CgroupWalk, KnowsWhatOthersThanRootCanHaveMade)
{
    const temporary_root root;
    make_cgroup_directory(root, "/user.slice/a/b");
    hand_over(root, "/user.slice/a");
    make_cgroup_directory(root, "/system.slice/x");
    make_cgroup_directory(root, "/second/user.slice/a/c");
    cgroup_layout layout;
    layout.hierarchies = {root.path(), root.path() + "/second"};

    const cgroup_set set = find(layout);
    EXPECT_EQ(set.delegated, std::vector<std::string>{"/user.slice/a/b"}) << "what was handed over is root's itself";
    EXPECT_TRUE(set.is_delegated("/user.slice/a/b"));
    EXPECT_FALSE(set.is_delegated("/user.slice/a"));
    EXPECT_FALSE(set.is_delegated("/user.slice/a/c")) << "there only in a hierarchy where it is root's";
}

TEST(CgroupWalk, LeavesOutWhatOthersMadeBeforeWhatRootMade)
{
    const temporary_root root;
    hand_over(root, "/a/mine");
    for (std::size_t i = 0; i < delegated_limit + 10; ++i)
        make_cgroup_directory(root, fmt::format("/a/mine/deep/{}", i));
    make_cgroup_directory(root, "/z/y/x/w/v/container");
    hand_over(root, "/b/yours");
    make_cgroup_directory(root, "/b/yours/1/2/3");

    const cgroup_set set = find(one_hierarchy(root));
    EXPECT_TRUE(set.truncated);
    EXPECT_EQ(set.delegated.size(), delegated_limit);
    EXPECT_TRUE(has(set, "/z/y/x/w/v/container"));
    EXPECT_TRUE(has(set, "/b/yours/1/2/3")) << "each that was handed over has its turn";
    // 3 of one stranger, and the first directory of the other.
    EXPECT_EQ(set.left_out, delegated_limit + 10 - (delegated_limit - 4));
}

TEST(CgroupWalk, GivesEachTopDirectoryItsTurn)
{
    const temporary_root root;
    for (std::size_t i = 0; i < cgroup_limit + 10; ++i) make_cgroup_directory(root, fmt::format("/a/{}", i));
    make_cgroup_directory(root, "/z/y/x/w/v/container");

    const cgroup_set set = find(one_hierarchy(root));
    EXPECT_TRUE(has(set, "/z/y/x/w/v/container"));
    EXPECT_EQ(set.paths.size(), cgroup_limit);
    EXPECT_EQ(set.left_out, cgroup_limit + 10 - (cgroup_limit - 8));
}

TEST(CgroupWalk, HasABudgetForPathsThatOthersWrite)
{
    const temporary_root root;
    make_cgroup_directory(root, "/system/of/root");
    for (int i = 0; i < 200; ++i) make_cgroup_directory(root, fmt::format("/user/{}{}", i, std::string(200, '<')));
    for (int i = 0; i < 200; ++i)
        make_cgroup_directory(root, fmt::format("/user/0{}/{}{}", std::string(200, '<'), i, std::string(200, '<')));
    ASSERT_EQ(::chown((root.path() + "/user").c_str(), 65534, 65534), 0);

    const cgroup_set set = find(one_hierarchy(root));
    EXPECT_TRUE(has(set, "/system/of/root"));
    EXPECT_GT(set.delegated.size(), 200U);
    EXPECT_LT(set.delegated.size(), 400U);
    EXPECT_EQ(set.delegated.size() + set.left_out, 400U);
    EXPECT_TRUE(set.truncated);
}

TEST(CgroupWalk, LeavesOutNamesThatAreNoPlainText)
{
    const temporary_root root;
    for (const char* name :
         {"plain", "quoted\"\\", "\xC3\xA4", "twin\xFF", "twin\xFE", "escape\x1B[2J", "line\n", "delete\x7F"}) {
        make_cgroup_directory(root, fmt::format("/{}/below", name));
    }
    const cgroup_set set = find(one_hierarchy(root));
    EXPECT_EQ(set.paths.size(), 7U) << "the root, and three with one below";
    EXPECT_TRUE(has(set, "/\xC3\xA4/below"));
    EXPECT_EQ(set.left_out, 5U);
}

TEST(CgroupWalk, LeavesOutPathsThatAreTooLong)
{
    const temporary_root root;
    const std::string part(250, 'p');
    const std::string longest = "/" + part + "/" + part + "/" + part + "/" + part + "/" + std::string(19, 'q');
    ASSERT_EQ(longest.size(), cgroup_path_limit);
    make_cgroup_directory(root, longest);
    make_cgroup_directory(root, longest + "q/below");

    const cgroup_set set = find(one_hierarchy(root));
    EXPECT_TRUE(has(set, longest));
    EXPECT_EQ(set.paths.size(), 6U);
    EXPECT_EQ(set.left_out, 1U);
    EXPECT_TRUE(set.truncated);
}

TEST(CgroupWalk, ListsTheUnionOfAllHierarchies)
{
    const temporary_root root;
    for (const char* path : {"/cpu/docker/a", "/cpu/docker/b/init.scope", "/memory/docker/a", "/memory/only",
                             "/memory/dev-hugepages.mount/below", "/cpu/x.mount"}) {
        make_cgroup_directory(root, path);
    }
    root.write("/cpu/docker/a/cpu.stat", "");
    root.link("/cpu/loop", ".");
    cgroup_layout layout;
    layout.hierarchies = {root.path() + "/cpu", root.path() + "/memory", root.path() + "/absent"};

    const cgroup_set set = find(layout);
    EXPECT_EQ(set.paths,
              (std::vector<std::string>{"/", "/docker", "/docker/a", "/docker/b", "/docker/b/init.scope", "/only"}));
    EXPECT_FALSE(set.truncated);
}

TEST(CgroupWalk, FindsTheContainersOfCapturedNodes)
{
    for (const std::string& node :
         {nodescope::testing::fixture_path("node_v1"), nodescope::testing::fixture_path("node_v2")}) {
        const auto layout = blocking_read_cgroup_layout(node);
        ASSERT_TRUE(layout) << layout.error();
        const cgroup_set set = find(*layout);
        const auto containers = std::count_if(set.paths.begin(), set.paths.end(), [](const std::string& path) {
            return !container_id_of_path(path).empty();
        });
        EXPECT_EQ(containers, 2) << node;
        EXPECT_EQ(set.paths.front(), "/");
    }
}

TEST(CgroupWalk, EndsAtTheDepthLimit)
{
    const temporary_root root;
    std::string deep;
    for (std::size_t i = 0; i < cgroup_depth_limit + 3; ++i) deep += "/d";
    make_cgroup_directory(root, deep);
    cgroup_layout layout;
    layout.hierarchies = {root.path()};

    const cgroup_set set = find(layout);
    EXPECT_TRUE(set.truncated);
    EXPECT_EQ(set.paths.size(), cgroup_depth_limit + 1);
}

TEST(CgroupWalk, EndsAtTheNumberLimitAlsoInOneDirectory)
{
    const temporary_root root;
    for (std::size_t i = 0; i < cgroup_limit; ++i) make_cgroup_directory(root, fmt::format("/c{}", i));
    cgroup_layout layout;
    layout.hierarchies = {root.path()};

    const cgroup_set set = find(layout);
    EXPECT_TRUE(set.truncated) << "else those that are not listed count as removed";
    EXPECT_EQ(set.paths.size(), cgroup_limit);
}

TEST(CgroupWalk, EndsAtTheDeadlineAndWhenNobodyWaits)
{
    const temporary_root root;
    make_cgroup_directory(root, "/a/b");
    cgroup_layout layout;
    layout.hierarchies = {root.path()};

    abandon_flag gone;
    const auto late = blocking_find_cgroups(layout, deadline::in(nanoseconds(0)), gone);
    ASSERT_TRUE(late);
    EXPECT_TRUE(late->truncated);
    EXPECT_EQ(late->paths, std::vector<std::string>{"/"});

    gone.raise();
    const auto cancelled = blocking_find_cgroups(layout, deadline::in(seconds(60)), gone);
    ASSERT_FALSE(cancelled);
    EXPECT_EQ(cancelled.error().kind(), failure::cancelled);
}

TEST(CgroupWalk, SaysWhichHierarchyCannotBeRead)
{
    cgroup_layout layout;
    layout.hierarchies = {"/nonexistent/cgroup"};
    const abandon_flag nobody;
    const auto set = blocking_find_cgroups(layout, deadline::in(seconds(60)), nobody);
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error(), error(failure::unavailable, "cgroups: open /nonexistent/cgroup: No such file or directory"));
}
