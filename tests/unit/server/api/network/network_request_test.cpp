#include "server/api/network/network_request.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

result<network_query> parse(std::string_view query) { return parse_network_request(url_query(query)); }

std::string names_in(const result<network_query>& query)
{
    std::string names;
    for (const network_part* const one : query.value().parts) names += std::string(one->name) + ' ';
    return names;
}

TEST(NetworkRequest, TakesExactlyOneTarget)
{
    for (const char* const good : {"container=web", "pod=default/web", "pod=default/web&container=app", "pid=77",
                                   "node", "node=", "pid=77&parts=addr"}) {
        EXPECT_TRUE(parse(good)) << good;
    }
    for (const char* const bad : {"", "parts=addr", "container=web&pid=1", "pid=1&node", "pod=a/b&node",
                                  "container=web&node", "pod=a/b&container=c&pid=1"}) {
        const auto query = parse(bad);
        ASSERT_FALSE(query) << bad;
        EXPECT_EQ(query.error().kind(), failure::invalid);
        EXPECT_NE(query.error().message().find("exactly one of"), std::string::npos) << query.error().message();
    }
}

TEST(NetworkRequest, RefusesWhatItDoesNotUnderstand)
{
    for (const char* const bad :
         {"pid=0", "pid=x", "pid=", "container=", "pod=web", "pod=/", "pod=a/", "pod=A_/b", "node=1", "pid=1&pid=1",
          "pid=1&color=red", "pid=1&parts=", "pid=1&parts=addr,", "pid=1&parts=addr,x%1b", "container=..%2f.."}) {
        const auto query = parse(bad);
        ASSERT_FALSE(query) << bad;
        EXPECT_EQ(query.error().kind(), failure::invalid) << bad;
    }
}

TEST(NetworkRequest, GivesPartsInTheOrderOfTheTableAndEachOnce)
{
    EXPECT_EQ(names_in(parse("node&parts=fdb,route,addr,route")), "addr route fdb ");
    const std::string usual = names_in(parse("node"));
    EXPECT_EQ(
        usual,
        "addr route route6 rule rule6 neigh nexthop peers sockets conntrack counters qdisc netfilter sysctl resolver ");
    EXPECT_EQ(usual.find("fdb"), std::string::npos);
}

}  // namespace
}  // namespace nodescope::api
