#include "netlink/read/way_lookup.hpp"

#include "tests/unit/netlink/read/in_namespace.hpp"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <string>

namespace nodescope::netlink {
namespace {

network_address address_called(const char* text)
{
    network_address made;
    EXPECT_EQ(::inet_pton(AF_INET, text, made.bytes.data()), 1) << text;
    return made;
}

class FindWay : public testing::in_namespace {
protected:
    void SetUp() override
    {
        in_namespace::SetUp();
        if (IsSkipped()) return;
        run("ip link add near0 type veth peer name far0 && ip link set near0 up && ip link set far0 up &&"
            "ip addr add 10.1.0.1/24 dev near0 && ip addr add 10.2.0.1/24 dev far0 &&"
            "ip route add 192.0.2.0/24 via 10.1.0.9");
        socket_.emplace(netlink_socket::open_in(*home_, *target_, NETLINK_ROUTE).value());
    }
    /// The links of the way, by their indexes; "none" where there is no way.
    std::string look(const way_question& question)
    {
        const auto found = blocking_find_way(*socket_, question, limit_);
        if (!found) return std::string(to_string(found.error().kind()));
        if (!*found) return "none";
        std::string text;
        for (const next_hop& hop : (*found)->hops) text += fmt::format("{} ", hop.interface_index);
        return text;
    }
    std::string index_of(const char* name) const
    {
        return fmt::format("{} ", there([name] { return ::if_nametoindex(name); }));
    }
    std::optional<netlink_socket> socket_;
};

TEST_F(FindWay, FindsTheWay)
{
    EXPECT_EQ(look({address_called("192.0.2.7"), {}, 0}), index_of("near0"));
    EXPECT_EQ(look({address_called("10.2.0.7"), {}, 0}), index_of("far0"));
    EXPECT_EQ(look({address_called("198.51.100.7"), {}, 0}), "none");
}

TEST_F(FindWay, RulesAboutTheSourceCount)
{
    run("ip route add default via 10.2.0.9 table 7 && ip rule add from 10.2.0.1 lookup 7 priority 100");
    const network_address to = address_called("192.0.2.7");
    EXPECT_EQ(look({to, address_called("10.1.0.1"), 0}), index_of("near0"));
    EXPECT_EQ(look({to, address_called("10.2.0.1"), 0}), index_of("far0"));
    // Of an address that is not there no packet leaves.
    EXPECT_EQ(look({to, address_called("10.9.9.9"), 0}), "none");
}

TEST_F(FindWay, TellsAllHopsOfARoute)
{
    run("ip route add 198.51.100.0/24 nexthop via 10.1.0.9 nexthop via 10.2.0.9");
    EXPECT_EQ(look({address_called("198.51.100.7"), {}, 0}), index_of("near0") + index_of("far0"));
}

TEST_F(FindWay, InTime)
{
    limit_ = deadline::in({});
    EXPECT_EQ(look({address_called("10.1.0.7"), {}, 0}), "timed_out");
}

}  // namespace
}  // namespace nodescope::netlink
