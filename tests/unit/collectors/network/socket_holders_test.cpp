#include "collectors/network/socket_holders.hpp"

#include "core/unique_fd.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace nodescope;

namespace {

struct SocketHolders : ::testing::Test {
    SocketHolders()
    {
        struct stat status {};
        EXPECT_EQ(::fstat(socket.get(), &status), 0);
        inode = static_cast<std::uint32_t>(status.st_ino);
        netlink::inet_socket one;
        one.inode = inode;
        of.listeners.push_back(one);
    }
    void find(const holder_search& search)
    {
        blocking_find_holders(search, of, deadline::in(std::chrono::seconds(10)), abandoned);
    }
    static netlink::namespace_identity own() { return netlink::net_namespace::of_this_thread()->identity(); }

    unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint32_t inode = 0;
    netlink::socket_overview of;
    abandon_flag abandoned;
};

}  // namespace

TEST_F(SocketHolders, TheProcessAndItsNameAreFound)
{
    find(holder_search(own()));
    ASSERT_TRUE(of.holders.contains(inode));
    EXPECT_EQ(of.holders[inode].pid, ::getpid());
    std::ifstream comm("/proc/self/comm");
    std::string name;
    std::getline(comm, name);
    EXPECT_EQ(of.holders[inode].name, name);
    EXPECT_EQ(of.note, "");
}

TEST_F(SocketHolders, ProcessesOfOtherNamespacesAreNotLookedAt)
{
    find(holder_search({1, 2}));
    EXPECT_TRUE(of.holders.empty());
    EXPECT_EQ(of.note, "");
}

TEST_F(SocketHolders, WhatNobodyHoldsIsNotLookedFor)
{
    of.listeners.front().inode = 0;
    abandoned.raise();
    find(holder_search(own()));
    EXPECT_EQ(of.note, "");
}

TEST_F(SocketHolders, WhatWasNotReadIsSaid)
{
    of.note = "before";
    holder_search nothing(own());
    nothing.descriptors = 0;
    find(nothing);
    EXPECT_TRUE(of.holders.empty());
    EXPECT_TRUE(of.note.starts_with("before; the processes of 1 sockets are not known: ")) << of.note;
    abandoned.raise();
    find(holder_search(own()));
    EXPECT_TRUE(of.note.ends_with("the caller went away")) << of.note;
}

TEST_F(SocketHolders, WhatTheProbableOnesDoNotHoldIsLookedForEverywhere)
{
    holder_search some(own());
    for (const pid_t probable : {::getppid(), 999'999'999, ::getpid()}) {
        of.holders.clear();
        some.among = {probable};
        find(some);
        EXPECT_EQ(of.holders[inode].pid, ::getpid());
        EXPECT_EQ(of.note, "");
    }
}

TEST_F(SocketHolders, OfSomeProcessesTooWhatWasNotReadIsSaid)
{
    holder_search some(own());
    some.among = {::getpid()};
    abandoned.raise();
    find(some);
    EXPECT_EQ(of.note, "the processes of 1 sockets are not known: there was no time to look for them");
}
