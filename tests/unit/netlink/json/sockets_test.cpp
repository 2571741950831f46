#include "netlink/json/sockets.hpp"

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string>

namespace nodescope::netlink {
namespace {

inet_socket listener()
{
    inet_socket one;
    one.family = AF_INET6;
    one.protocol = IPPROTO_TCP;
    one.state = TCP_LISTEN;
    one.local_port = 80;
    one.only_ipv6 = false;
    one.receive_queue = 1;
    one.send_queue = 128;
    one.uid = 33;
    one.inode = 7;
    one.figures.emplace();
    return one;
}

inet_socket datagrams()
{
    inet_socket one;
    one.family = AF_INET;
    one.protocol = IPPROTO_UDP;
    one.state = TCP_CLOSE;
    one.local.bytes = {127, 0, 0, 1};
    one.local_port = 53;
    one.interface_index = 2;
    return one;
}

TEST(SocketsJson, WritesListsAndCounts)
{
    socket_overview what;
    what.listeners.push_back(listener());
    what.tcp_by_state[TCP_LISTEN] = 1;
    what.tcp_by_state[TCP_CLOSING] = 2;
    what.udp.push_back(datagrams());
    what.udp_count = 1;
    what.holders[7] = {42, "ng\"\x1b"};
    // 0 is the number of those that nobody holds.
    what.holders[0] = {1, "wrong"};
    std::string text;
    json_writer out(text);

    write_sockets(out, what);

    EXPECT_EQ(text,
              R"({"tcp":{"listen":[{"family":"ipv6","address":"::","port":80,"only_ipv6":false,"queue":1,)"
              R"("queue_limit":128,"uid":33,"inode":7,"process":42,"name":"ng\"\u001b"}],"by_state":{"established":0,)"
              R"("syn_sent":0,"syn_recv":0,"fin_wait1":0,"fin_wait2":0,"time_wait":0,"close":0,"close_wait":0,)"
              R"("last_ack":0,"listen":1,"closing":2}},"udp":[{"family":"ipv4","address":"127.0.0.1","port":53,)"
              R"("ifindex":2,"peer_address":"0.0.0.0","peer_port":0,"state":"unconnected","receive_queue":0,)"
              R"("send_queue":0,"uid":0,"inode":0}],"udp_count":1,"unix_count":null})");
}

TEST(SocketsJson, ALimitThatIsNotKnownIsNull)
{
    socket_overview what;
    what.listeners.push_back(listener());
    what.queue_limits_known = false;
    std::string text;
    json_writer out(text);
    write_sockets(out, what);
    EXPECT_NE(text.find(R"("queue":1,"queue_limit":null,)"), std::string::npos) << text;
}

TEST(SocketsJson, WritesFiguresOfConnectionsOnly)
{
    inet_socket connection = listener();
    connection.state = TCP_ESTABLISHED;
    connection.figures->rtt_us = 26;
    socket_list what;
    what.items = {listener(), connection, datagrams()};
    std::string text;
    json_writer out(text);

    write_all_sockets(out, what);

    EXPECT_TRUE(text.starts_with(R"([{"protocol":"tcp","state":"listen","family":"ipv6",)")) << text;
    EXPECT_EQ(text.find("rtt_us"), text.rfind("rtt_us")) << text;
    EXPECT_NE(text.find(R"("rto_us":0,"rtt_us":26,"rtt_variance_us":0,"cwnd":0,"mss":0,"unacked":0,"lost":0,)"
                        R"("retransmits":0,"total_retransmits":0})"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(R"({"protocol":"udp","state":"unconnected",)"), std::string::npos) << text;
}

}  // namespace
}  // namespace nodescope::netlink
