#include "server/http/places.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>

namespace nodescope::http {
namespace {

using shortage = connection_places::shortage;

peer_info caller_from(const std::string& limited_by, standing where = standing::unknown)
{
    peer_info peer;
    peer.limited_by = limited_by;
    peer.standing = where;
    return peer;
}

peer_info stranger(int uid) { return caller_from(fmt::format("uid={}", uid), standing::stranger); }

struct Places : ::testing::Test {
    Places()
    {
        limits.all = 100;
        limits.per_peer = 40;
        limits.keeps_for_admitted = true;
    }
    std::size_t fill(const peer_info& peer)
    {
        std::size_t taken = 0;
        for (; places.for_newcomer(peer, limits) == shortage::none; ++taken) places.take(peer);
        return taken;
    }
    connection_places places;
    connection_places::limits limits;
    const peer_info root = caller_from("uid=0", standing::admitted);
};

TEST_F(Places, StrangersShareAFewAndRootKeepsItsOwn)
{
    std::size_t taken = 0;
    for (int uid = 1000; uid < 1100; ++uid) taken += fill(stranger(uid));
    EXPECT_EQ(taken, connection_places::strangers_limit);
    EXPECT_EQ(places.for_newcomer(stranger(1), limits), shortage::of_group);
    EXPECT_EQ(fill(root), limits.per_peer);
}

TEST_F(Places, OthersNeverTakeWhatIsKeptForAdmittedOnes)
{
    std::size_t taken = 0;
    for (int host = 0; host < 10; ++host) taken += fill(caller_from(fmt::format("192.0.2.{}", host)));
    EXPECT_EQ(taken, limits.all - limits.per_peer);
    EXPECT_EQ(places.for_newcomer(caller_from("192.0.2.99"), limits), shortage::of_all);
    EXPECT_EQ(fill(root), limits.per_peer);
}

TEST_F(Places, NothingIsKeptWhereNobodyIsAdmittedBeforehand)
{
    limits.keeps_for_admitted = false;
    std::size_t taken = 0;
    for (int host = 0; host < 10; ++host) taken += fill(caller_from(fmt::format("192.0.2.{}", host)));
    EXPECT_EQ(taken, limits.all);
}

TEST_F(Places, OneThatLeavesMakesRoom)
{
    fill(stranger(1));
    places.leave(stranger(1));
    EXPECT_EQ(fill(stranger(2)), 1U);
}

TEST_F(Places, APlaceGoesToOneOfTheSameGroupOrToAnAdmittedOne)
{
    const auto address = caller_from("192.0.2.1");
    EXPECT_TRUE(connection_places::can_replace(shortage::of_group, stranger(1), stranger(2)));
    EXPECT_FALSE(connection_places::can_replace(shortage::of_group, stranger(1), address));
    EXPECT_FALSE(connection_places::can_replace(shortage::of_all, address, root));
    EXPECT_TRUE(connection_places::can_replace(shortage::of_all, root, address));
    EXPECT_TRUE(connection_places::can_replace(shortage::of_all, address, stranger(1)));
}

}  // namespace
}  // namespace nodescope::http
