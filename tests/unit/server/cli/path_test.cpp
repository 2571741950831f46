#include "server/cli/path.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cli {
namespace {

TEST(Path, TakesDestinationsAsPeopleWriteThem)
{
    EXPECT_EQ(destination_query("10.0.0.1"), "to=10.0.0.1");
    EXPECT_EQ(destination_query("10.0.0.1:53"), "to=10.0.0.1&port=53");
    EXPECT_EQ(destination_query("fd00::1"), "to=fd00::1");
    EXPECT_EQ(destination_query("[fd00::1]:53"), "to=fd00::1&port=53");
    EXPECT_EQ(destination_query("[fd00::1]"), "to=fd00::1");
    EXPECT_EQ(destination_query("a&b:5"), "to=a%26b&port=5");
}

TEST(Path, TellsHops)
{
    const std::string body =
        R"({"reachable":"no","hops":[{"netns":7,"ifname":"eth0","route":{"gateway":"10.0.0.1","dev":"eth0","prefsrc":"10.0.0.2"},)"
        R"("neighbour":{"dst":"10.0.0.1","lladdr":"aa:bb","state":["REACHABLE"]},"netfilter":[{"hook":"forward","rule":"-A X"}],"verdict":"forwarded"},)"
        R"({"netns":8,"place":"node","ifname":null,"route":{"type":"blackhole"},"verdict":"stopped","why":"a route says so"}],)"
        R"("summary":"It is dropped.","notes":{}})";
    EXPECT_EQ(hops_text(json_value::of_document(body), screen()),
              "  1  net:[7]  eth0  forwarded\n"
              "     route via 10.0.0.1 dev eth0 src 10.0.0.2\n"
              "     neighbour 10.0.0.1 is aa:bb (REACHABLE)\n"
              "     rule forward: -A X\n"
              "  2  node    stopped\n"
              "     route blackhole\n"
              "     why a route says so\n"
              "reachable: no. It is dropped.\n");
}

TEST(Path, IsNeverWiderThanAsked)
{
    screen narrow;
    narrow.width = 20;
    const std::string body = R"({"reachable":"no","hops":[{"name":"a-name-that-is-much-too-long","ifname":"eth0",)"
                             R"("verdict":"stopped","why":"because of that"}],"summary":"It is dropped there."})";
    EXPECT_EQ(hops_text(json_value::of_document(body), narrow),
              "  1  a-name-that-is-\n"
              "     much-too-long\n"
              "     eth0 stopped\n"
              "     why because\n"
              "       of that\n"
              "reachable: no. It\n"
              "  is dropped there.\n");
}

}  // namespace
}  // namespace nodescope::cli
