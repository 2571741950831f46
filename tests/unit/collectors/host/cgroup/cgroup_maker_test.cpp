#include "collectors/host/cgroup/cgroup_maker.hpp"

#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>

namespace nodescope::host {
namespace {

using nodescope::testing::temporary_root;

const std::string id(64, 'a');
const auto long_enough = deadline::in(std::chrono::hours(1));

struct node {
    temporary_root root;

    void make(const std::string& path) const { std::filesystem::create_directories(root.path() + path); }
    void hand_over(const std::string& path) const
    {
        make(path);
        std::filesystem::permissions(root.path() + path, std::filesystem::perms::all);
    }
    [[nodiscard]] cgroup_maker maker_of(const std::string& path) const { return blocking_maker_of(root.path(), path); }
};

TEST(CgroupMaker, IsRootWhereNobodyElseCanMakeAny)
{
    const node v2;
    v2.make("/sys/fs/cgroup/system.slice/docker-" + id + ".scope");
    EXPECT_EQ(v2.maker_of("/system.slice/docker-" + id + ".scope"), cgroup_maker::root);
    v2.hand_over("/sys/fs/cgroup/system.slice/docker-" + id + ".scope");
    EXPECT_EQ(v2.maker_of("/system.slice/docker-" + id + ".scope"), cgroup_maker::root)
        << "what is below it is another's, not what it is called";
    v2.make("/sys/fs/cgroup/" + id);
    EXPECT_EQ(v2.maker_of("/" + id), cgroup_maker::root);

    const node v1;
    v1.make("/sys/fs/cgroup/memory/docker/" + id);
    EXPECT_EQ(v1.maker_of("/docker/" + id), cgroup_maker::root);
}

TEST(CgroupMaker, IsAnybodyBelowWhatWasHandedOver)
{
    const node v2;
    v2.hand_over("/sys/fs/cgroup/user.slice/mine");
    v2.make("/sys/fs/cgroup/user.slice/mine/a/" + id);
    EXPECT_EQ(v2.maker_of("/user.slice/mine/a/" + id), cgroup_maker::others);
    EXPECT_EQ(v2.maker_of("/user.slice/mine/a"), cgroup_maker::others);
    EXPECT_EQ(v2.maker_of("/user.slice/mine"), cgroup_maker::root);

    std::string deep;
    for (int i = 0; i < 40; ++i) deep += "/d";
    v2.make("/sys/fs/cgroup" + deep);
    EXPECT_EQ(v2.maker_of(deep), cgroup_maker::others) << "no runtime's";
}

TEST(CgroupMaker, IsLookedForWhereTheHierarchiesAre)
{
    const node odd;
    odd.root.write("/proc/1/mountinfo",
                   "26 23 0:23 / /cgroups/memory rw - cgroup cgroup rw,memory\n"
                   "27 23 0:24 / /cgroups/cpu rw - cgroup cgroup rw,cpu\n");
    odd.make("/cgroups/cpu/docker/" + id);
    EXPECT_EQ(odd.maker_of("/docker/" + id), cgroup_maker::root);
    odd.make("/cgroups/memory/docker/" + id);
    odd.hand_over("/cgroups/memory/docker");
    EXPECT_EQ(odd.maker_of("/docker/" + id), cgroup_maker::others) << "in one of them";
}

TEST(CgroupMaker, IsUnknownOfWhatIsNotThere)
{
    const node v2;
    v2.make("/sys/fs/cgroup/a");
    v2.make("/sys/fs/b");
    for (const char* path : {"", "/", "a", "/none", "/none/below", "/../b", "/../cgroup/a"}) {
        EXPECT_EQ(v2.maker_of(path), cgroup_maker::unknown) << path;
    }
}

TEST(CgroupMaker, OfAnIdIsRootWhereNoneIsAnothers)
{
    const node v2;
    v2.root.write("/proc/1/mountinfo", "26 23 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    v2.make("/sys/fs/cgroup/kubepods");
    EXPECT_FALSE(blocking_only_root_made(v2.root.path(), id, long_enough)) << "there is none";
    v2.make("/sys/fs/cgroup/kubepods/cri-containerd-" + id + ".scope");
    EXPECT_TRUE(blocking_only_root_made(v2.root.path(), id, long_enough));
    EXPECT_FALSE(blocking_only_root_made(v2.root.path(), id, deadline::in(std::chrono::nanoseconds(0))));
    v2.hand_over("/sys/fs/cgroup/user.slice");
    v2.make("/sys/fs/cgroup/user.slice/" + id);
    EXPECT_FALSE(blocking_only_root_made(v2.root.path(), id, long_enough));

    const node none;
    EXPECT_FALSE(blocking_only_root_made(none.root.path(), id, long_enough));
}

}  // namespace
}  // namespace nodescope::host
