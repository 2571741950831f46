#include "netlink/read/port_uses.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include <string>

namespace nodescope::netlink {
namespace {

inet_socket connected(const std::string& local, std::uint16_t local_port, const std::string& remote,
                      std::uint16_t remote_port)
{
    inet_socket one;
    one.family = local.find(':') != std::string::npos ? AF_INET6 : AF_INET;
    one.state = TCP_ESTABLISHED;
    EXPECT_EQ(::inet_pton(one.family, local.c_str(), one.local.bytes.data()), 1);
    EXPECT_EQ(::inet_pton(one.family, remote.c_str(), one.remote.bytes.data()), 1);
    one.local_port = local_port;
    one.remote_port = remote_port;
    return one;
}

TEST(PortUses, AreCountedByDestination)
{
    port_use_counter counter(40000, 40009);
    EXPECT_TRUE(counter.counts());
    for (const int port : {39999, 40000, 40005, 40009, 40010}) {
        counter.add(connected("10.0.0.2", static_cast<std::uint16_t>(port), "192.0.2.1", 443));
    }
    counter.add(connected("10.0.0.2", 40001, "192.0.2.1", 80));
    counter.add(connected("10.0.0.3", 40001, "192.0.2.1", 443));
    counter.add(connected("fd00::2", 40001, "fd00::1", 443));
    // The same ports, whatever the family of the socket.
    counter.add(connected("::ffff:10.0.0.2", 40002, "::ffff:192.0.2.1", 443));
    // Not connected.
    counter.add(connected("10.0.0.2", 40003, "0.0.0.0", 0));
    const auto all = counter.most_used();
    ASSERT_EQ(all.size(), 4U);
    EXPECT_EQ(all[0].ports, 4U);
    EXPECT_EQ(all[0].family, AF_INET);
    EXPECT_EQ(all[0].remote_port, 443);
    EXPECT_EQ(all[0].local.bytes[3], 2);
    EXPECT_EQ(all[0].remote.bytes[0], 192);
    EXPECT_EQ(all[1].ports, 1U);
    counter.clear();
    EXPECT_TRUE(counter.most_used().empty());
}

TEST(PortUses, AListenersConnectionsUseNone)
{
    port_use_counter counter(40000, 40009);
    inet_socket listener = connected("0.0.0.0", 40001, "0.0.0.0", 0);
    listener.state = TCP_LISTEN;
    counter.add(listener);
    counter.add(connected("10.0.0.2", 40001, "192.0.2.1", 50000));
    counter.add(connected("10.0.0.2", 40002, "192.0.2.1", 50000));
    ASSERT_EQ(counter.most_used().size(), 1U);
    EXPECT_EQ(counter.most_used()[0].ports, 1U);
}

TEST(PortUses, AreBoundedAndSaySo)
{
    port_use_counter counter(40000, 40009);
    inet_socket one = connected("10.0.0.2", 40000, "10.0.0.0", 443);
    for (std::size_t i = 0; i < port_use_counter::most_destinations; ++i) {
        one.remote.bytes[2] = static_cast<std::uint8_t>(i >> 8U);
        one.remote.bytes[3] = static_cast<std::uint8_t>(i);
        counter.add(one);
    }
    counter.add(one);
    EXPECT_TRUE(counter.complete());
    one.remote_port = 444;
    counter.add(one);
    EXPECT_FALSE(counter.complete());
    const auto all = counter.most_used();
    ASSERT_EQ(all.size(), port_use_counter::most_shown);
    EXPECT_EQ(all[0].ports, 2U);
    EXPECT_EQ(all[1].ports, 1U);
    counter.clear();
    EXPECT_TRUE(counter.complete());
    EXPECT_FALSE(port_use_counter(0, 0).counts());
}

}  // namespace
}  // namespace nodescope::netlink
