#include "netlink/net_namespace.hpp"

#include "tests/support/namespace_child.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

namespace nodescope::netlink {
namespace {

using testing::namespace_child;

class NetNamespace : public ::testing::Test {
protected:
    void SetUp() override
    {
        if (!namespace_child::is_possible()) GTEST_SKIP() << "making network namespaces needs root";
    }
};
using NetNamespaceDeathTest = NetNamespace;

namespace_identity identity_here()
{
    struct stat status {};
    EXPECT_EQ(::stat("/proc/thread-self/ns/net", &status), 0);
    return {status.st_dev, status.st_ino};
}

// Puts something that is no namespace behind the descriptor, so that any setns with it fails.
void spoil(const net_namespace& ns)
{
    const unique_fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_EQ(::dup3(null.get(), ns.descriptor(), O_CLOEXEC), ns.descriptor());
}

TEST_F(NetNamespace, OfAProcessIsThatOfTheProcess)
{
    const namespace_child child;

    const auto home = net_namespace::of_this_thread();
    const auto target = net_namespace::of_process(child.proc_directory().get());

    ASSERT_TRUE(home);
    ASSERT_TRUE(target) << target.error();
    EXPECT_EQ(home->identity(), identity_here());
    EXPECT_FALSE(home->identity() == target->identity());
}

TEST_F(NetNamespace, OfAProcessOnOurNetworkIsEqualToOurs)
{
    const namespace_child child(false);

    const auto target = net_namespace::of_process(child.proc_directory().get());

    ASSERT_TRUE(target) << target.error();
    EXPECT_EQ(target->identity(), net_namespace::of_this_thread()->identity());
}

TEST_F(NetNamespace, OfAZombieIsGone)
{
    const namespace_child child;
    const auto directory = child.proc_directory();
    child.kill_without_reaping();

    const auto target = net_namespace::of_process(directory.get());

    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().kind(), failure::gone);
    EXPECT_EQ(target.error().message(),
              "network namespace of process " + std::to_string(child.pid()) + ": the process has ended");
}

TEST_F(NetNamespace, OfAReapedProcessIsGone)
{
    namespace_child child;
    const auto directory = child.proc_directory();
    child.stop();

    const auto target = net_namespace::of_process(directory.get());

    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().kind(), failure::gone);
}

TEST_F(NetNamespace, WithoutPrivilegeTheErrorNamesTheCapability)
{
    const namespace_child child;
    result<net_namespace> target = error(failure::internal, "not run");

    std::thread unprivileged([&] {
        const auto directory = child.proc_directory();
        // The system call, because the C library's function changes all threads of the process.
        ASSERT_EQ(::syscall(SYS_setresuid, 65534, 65534, 65534), 0);
        target = net_namespace::of_process(directory.get());
    });
    unprivileged.join();

    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().kind(), failure::denied);
    EXPECT_NE(target.error().message().find("CAP_SYS_PTRACE"), std::string::npos) << target.error();
}

TEST_F(NetNamespace, RunInIsInsideAndThenBackHome)
{
    const namespace_child child;
    const auto home = *net_namespace::of_this_thread();
    const auto target = *net_namespace::of_process(child.proc_directory().get());
    namespace_identity inside;

    const auto value = run_in(home, target, [&]() -> result<int> {
        inside = identity_here();
        return 7;
    });

    EXPECT_EQ(*value, 7);
    EXPECT_EQ(inside, target.identity());
    EXPECT_EQ(identity_here(), home.identity());
}

TEST_F(NetNamespace, RunInComesHomeAfterAnException)
{
    const namespace_child child;
    const auto home = *net_namespace::of_this_thread();
    const auto target = *net_namespace::of_process(child.proc_directory().get());

    EXPECT_THROW(run_in(home, target, []() -> result<int> { throw std::bad_alloc(); }), std::bad_alloc);

    EXPECT_EQ(identity_here(), home.identity());
}

TEST_F(NetNamespace, RunInTheOwnNamespaceMakesNoSetns)
{
    const auto home = *net_namespace::of_this_thread();
    const auto target = *net_namespace::of_this_thread();
    spoil(target);

    const auto value = run_in(home, target, []() -> result<int> { return 7; });

    ASSERT_TRUE(value) << value.error();
    EXPECT_EQ(*value, 7);
}

TEST_F(NetNamespace, AFailedEntryIsAnErrorAndTheActionDoesNotRun)
{
    const namespace_child child;
    const auto home = *net_namespace::of_this_thread();
    const auto target = *net_namespace::of_process(child.proc_directory().get());
    spoil(target);
    bool ran = false;

    const auto value = run_in(home, target, [&]() -> result<int> {
        ran = true;
        return 7;
    });

    EXPECT_FALSE(value);
    EXPECT_FALSE(ran);
    EXPECT_EQ(identity_here(), home.identity());
}

TEST_F(NetNamespace, EntryWithoutPrivilegeNamesTheCapability)
{
    const namespace_child child;
    const auto home = *net_namespace::of_this_thread();
    const auto target = *net_namespace::of_process(child.proc_directory().get());
    result<int> value = 0;

    std::thread unprivileged([&] {
        ASSERT_EQ(::syscall(SYS_setresuid, 65534, 65534, 65534), 0);
        value = run_in(home, target, []() -> result<int> { return 7; });
    });
    unprivileged.join();

    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().kind(), failure::denied);
    EXPECT_NE(value.error().message().find("CAP_SYS_ADMIN"), std::string::npos) << value.error();
}

TEST_F(NetNamespaceDeathTest, AFailedReturnEndsTheProcess)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const namespace_child child;
    const auto home = *net_namespace::of_this_thread();
    const auto target = *net_namespace::of_process(child.proc_directory().get());

    EXPECT_DEATH(run_in(home, target,
                        [&]() -> result<int> {
                            spoil(home);
                            return 7;
                        }),
                 "cannot return to the own network namespace");
}

TEST_F(NetNamespaceDeathTest, AThreadThatIsNotAtHomeEndsTheProcess)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const namespace_child wrong_home;
    const namespace_child child;
    const auto home = *net_namespace::of_process(wrong_home.proc_directory().get());
    const auto target = *net_namespace::of_process(child.proc_directory().get());

    EXPECT_DEATH(run_in(home, target, []() -> result<int> { return 7; }), "outside its own network namespace");
}

}  // namespace
}  // namespace nodescope::netlink
