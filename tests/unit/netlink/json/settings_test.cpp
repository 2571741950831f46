#include "netlink/json/settings.hpp"

#include "netlink/json/conntrack.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::netlink {
namespace {

TEST(SettingsJson, IsLaidOutAsTheDirectories)
{
    network_settings what;
    what.files = {{"ipv4/ip_forward", {1}},
                  {"ipv4/ip_local_port_range", {1, 2}},
                  {"ipv4/neigh/default/gc_thresh1", {}},
                  {"ipv4/conf/all/forwarding", {3}},
                  {"ipv4/conf/default/forwarding", {4}},
                  {"ipv6/conf/all/disable_ipv6", {5}},
                  {"bridge/bridge-nf-call-iptables", {}},
                  {"core/somaxconn", {6}}};
    link_settings with_ipv6;
    with_ipv6.name = "eth0";
    with_ipv6.rp_filter = -1;
    with_ipv6.forwarding6 = 1;
    link_settings without;
    without.name = "a\"\x1b";
    without.forwarding = 1;
    what.links = {with_ipv6, without};
    std::string text;
    json_writer out(text);

    write_settings(out, what);

    EXPECT_EQ(text,
              R"({"ipv4":{"ip_forward":1,"ip_local_port_range":[1,2],"neigh":{"default":{"gc_thresh1":null}},)"
              R"("conf":{"all":{"forwarding":3},"default":{"forwarding":4},)"
              R"("eth0":{"forwarding":null,"rp_filter":-1,"proxy_arp":null,"arp_ignore":null,"accept_local":null,)"
              R"("route_localnet":null},"a\"\u001b":{"forwarding":1,"rp_filter":null,"proxy_arp":null,)"
              R"("arp_ignore":null,"accept_local":null,"route_localnet":null}}},)"
              R"("ipv6":{"neigh":{"default":{}},"conf":{"all":{"disable_ipv6":5},"default":{},)"
              R"("eth0":{"forwarding":1,"disable_ipv6":null}}},)"
              R"("bridge":{"bridge-nf-call-iptables":null},"core":{"somaxconn":6},"netfilter":{}})");
}

TEST(ConntrackJson, IsNullOrWhatIsKnown)
{
    conntrack_reading what;
    std::string text;
    json_writer out(text);
    write_conntrack(out, what);
    EXPECT_EQ(text, "null");

    text.clear();
    what.statistics.emplace().count = 5;
    write_conntrack(out, what);
    EXPECT_EQ(text, R"({"count":5,"max":null,"buckets":null,"per_cpu_sum":null})");

    text.clear();
    what.statistics->counters.emplace()[9] = 1;
    (*what.statistics->counters)[15] = 2;
    write_conntrack(out, what);
    EXPECT_EQ(text, R"({"count":5,"max":null,"buckets":null,"per_cpu_sum":{"insert_failed":1,"chaintoolong":2}})");
}

}  // namespace
}  // namespace nodescope::netlink
