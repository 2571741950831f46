#include "collectors/network/container_files/resolver_files.hpp"

#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope {
namespace {

using namespace std::chrono_literals;

/// A process 7 whose root is a directory of the test.
class ResolverFiles : public ::testing::Test {
protected:
    ResolverFiles()
    {
        root_.write("/proc/7/stat", "7 (a) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0\n");
        root_.write("/proc/7/root/etc/hosts", "");
        container_.id = "a";
        container_.pid = 7;
        container_.start_ticks = 500;
    }
    resolver_file read(steady_clock::duration limit = 10s)
    {
        return testing::run_task(reactor_, files_.read(root_.path(), container_, deadline::in(limit)));
    }

    testing::temporary_root root_;
    boost::asio::io_context reactor_;
    resolver_files files_;
    running_container container_;
};

TEST_F(ResolverFiles, ReadsThoseOfTheFirstProcess)
{
    root_.write("/proc/7/root/etc/resolv.conf", "nameserver 10.0.0.1\nsearch a b\n");
    const resolver_file made = read();
    EXPECT_EQ(made.missing, "");
    ASSERT_TRUE(made.configuration);
    EXPECT_EQ(made.configuration->nameservers, std::vector<std::string>{"10.0.0.1"});
    EXPECT_EQ(made.configuration->search.size(), 2U);
    EXPECT_FALSE(files_.busy());
}

TEST_F(ResolverFiles, NoFileIsNoFailure)
{
    const resolver_file made = read();
    EXPECT_EQ(made.missing, "");
    EXPECT_FALSE(made.configuration);
}

TEST_F(ResolverFiles, SaysWhyThereIsNone)
{
    root_.write("/proc/7/root/etc/resolv.conf", std::string(resolv_conf_limit_bytes + 1, '\n'));
    EXPECT_EQ(read().missing, "/etc/resolv.conf is longer than 65536 bytes");
    EXPECT_NE(read(0s).missing, "");
    container_.start_ticks = 501;
    EXPECT_EQ(read().missing, "the container's first process (7) has ended");
    container_.pid = 8;
    EXPECT_NE(read().missing, "");
}

TEST_F(ResolverFiles, APipeIsNotOpened)
{
    ASSERT_EQ(::mkfifo((root_.path() + "/proc/7/root/etc/resolv.conf").c_str(), 0600), 0);
    EXPECT_EQ(read().missing, "/etc/resolv.conf in the container is no plain file");
}

}  // namespace
}  // namespace nodescope
