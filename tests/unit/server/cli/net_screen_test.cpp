#include "server/cli/net_screen.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cli {
namespace {

const std::string network =
    R"({"target":{"container":{"id":"0123456789abcdef","name":"web","runtime":"docker","pod":null},"pid":7,"netns":99,)"
    R"("host_network":false,"verified":true},)"
    R"("addr":[{"ifindex":2,"ifname":"eth0","flags":["UP","LOWER_UP"],"mtu":1500,"linkinfo":{"info_kind":"veth"},)"
    R"("addr_info":[{"local":"10.0.0.2","prefixlen":24}]}],)"
    R"("route":[{"type":"unicast","dst":"default","gateway":"10.0.0.1","dev":"eth0","table":"main"},)"
    R"({"type":"unicast","dst":"10.0.0.0/24","dev":"eth0","table":"main"},{"type":"local","dst":"10.0.0.2","table":"local"}],)"
    R"("peers":[{"ifname":"eth0","ifindex":2,"netns":"node","container":null,"peer_ifname":"veth1","peer_ifindex":9,"master":"br0"}],)"
    R"("sockets":{"tcp":{"listen":[{"address":"::","port":80,"queue":5,"queue_limit":5,"uid":0,"process":8,"name":"nginx"}],)"
    R"("by_state":{"established":2,"listen":1,"close":0}},"udp":[{"address":"0.0.0.0","port":53,"receive_queue":0,"uid":1,"state":"unconnected"}]},)"
    R"("errors":{"resolver":{"kind":"timed_out","message":"resolv.conf hangs"}},"notes":{"target":"a note"}})";

TEST(NetScreen, ShowsWhatThereIs)
{
    EXPECT_EQ(net_screen(json_value::of_document(network), json_value(), screen()),
              "web 0123456789ab docker pid 7 net:[99]\n"
              "\nLINKS\n"
              "LINK  STATE   MTU  KIND  ADDRESSES    OTHER END\n"
              "eth0  UP     1500  veth  10.0.0.2/24  veth1 on the node, port of br0\n"
              "\nDEFAULT ROUTES\n"
              "  default via 10.0.0.1 dev eth0\n"
              "  and 1 other route\n"
              "\nLISTENERS\n"
              "PROTO  LISTENS ON  QUEUE  UID  PROCESS\n"
              "tcp    [::]:80       5/5    0  nginx (8)\n"
              "udp    0.0.0.0:53      0    1\n"
              "  tcp: 2 established\n"
              "\nresolver: resolv.conf hangs\n"
              "target: a note\n");
}

TEST(NetScreen, OfNothingIsAlmostNothing)
{
    EXPECT_EQ(net_screen(json_value::of_document("{}"), json_value(), screen()), "pid 0 net:[0]\n");
    EXPECT_EQ(net_screen(json_value(), json_value(), screen()), "pid 0 net:[0]\n");
}

}  // namespace
}  // namespace nodescope::cli
