#include "server/api/network/topology_reply.hpp"

#include "core/json/strict.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/if_arp.h>
#include <sys/socket.h>

#include <string>

namespace nodescope::api {
namespace {

wiring small_wiring()
{
    wiring made;
    wired_namespace& node = made.namespaces.emplace_back();
    node.netns = 1;
    node.kind = namespace_kind::node;
    wired_namespace& pod = made.namespaces.emplace_back();
    pod.netns = 2;
    pod.kind = namespace_kind::container;
    pod.name = "cni-1";
    pod.missing = "late\x1b";
    wired_container& web = pod.containers.emplace_back();
    web.id = "abc";
    web.name = "we\"b";
    web.runtime = "containerd";
    web.pod_namespace = "shop";
    web.pod_name = "web-0";
    web.container = "web";
    pod.containers.emplace_back().id = "def";

    wired_link& port = made.links.emplace_back();
    port.index = 7;
    port.name = "veth\x01";
    port.kind = "veth";
    port.type = ARPHRD_ETHER;
    port.operational_state = 6;
    port.mtu = 1500;
    port.master = 1;
    port.hardware.size = 6;
    port.hardware.bytes[5] = 0xAB;
    wired_link& bridge = made.links.emplace_back();
    bridge.index = 3;
    bridge.name = "br0";
    bridge.operational_state = 99;
    wired_link& inside = made.links.emplace_back();
    inside.space = 1;
    inside.index = 2;
    inside.name = "eth0";
    inside.addresses.push_back({AF_INET, 24, {}});
    inside.addresses[0].local.bytes[0] = 10;
    inside.addresses.push_back({AF_INET6, 64, {}});
    made.edges = {
        {edge_kind::bridge_port, 0, 1}, {edge_kind::veth, 0, 2}, {edge_kind::lower, 1, 2}, {edge_kind::tunnel, 1, 2}};
    made.notes["edges"] = "one is lost";
    return made;
}

TEST(TopologyReply, HasNamespacesLinksEdgesAndNotes)
{
    EXPECT_EQ(topology_reply(small_wiring(), 100000),
              R"({"namespaces":[{"netns":1,"kind":"node","containers":[],"name":null},{"netns":2,"kind":"container",)"
              R"("containers":[{"id":"abc","name":"we\"b","runtime":"containerd","pod":{"namespace":"shop",)"
              R"("name":"web-0","container":"web"}},{"id":"def","name":"","runtime":"","pod":null}],"name":"cni-1",)"
              R"("missing":"late\\x1b"}],"links":[{"netns":1,"ifindex":7,"ifname":"veth\u0001","kind":"veth",)"
              R"("state":"UP","address":"00:00:00:00:00:ab","addresses":[],"mtu":1500,"master":"br0"},)"
              R"({"netns":1,"ifindex":3,"ifname":"br0","kind":null,"state":null,"address":null,"addresses":[],)"
              R"("mtu":null,"master":null},{"netns":2,"ifindex":2,"ifname":"eth0","kind":null,"state":"UNKNOWN",)"
              R"("address":null,"addresses":["10.0.0.0/24","::/64"],"mtu":null,"master":null}],)"
              R"("edges":[{"kind":"bridge_port","from":{"netns":1,"ifindex":7},"to":{"netns":1,"ifindex":3}},)"
              R"({"kind":"veth","from":{"netns":1,"ifindex":7},"to":{"netns":2,"ifindex":2}},)"
              R"({"kind":"lower","from":{"netns":1,"ifindex":3},"to":{"netns":2,"ifindex":2}},)"
              R"({"kind":"tunnel","from":{"netns":1,"ifindex":3},"to":{"netns":2,"ifindex":2}}],)"
              R"("notes":{"edges":"one is lost"}})"
              "\n");
    EXPECT_EQ(topology_reply({}, 100000), R"({"namespaces":[],"links":[],"edges":[],"notes":{}})"
                                          "\n");
}

TEST(TopologyReply, CutsEachListAndSaysSo)
{
    wiring many;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        many.namespaces.emplace_back().netns = i;
        wired_link& one = many.links.emplace_back();
        one.space = i;
        one.name = std::string(15, 'x');
        many.edges.push_back({edge_kind::lower, i, i});
    }
    for (const std::size_t limit : {0U, 5000U, 20000U, 100000U}) {
        const std::string body = topology_reply(many, limit);
        EXPECT_TRUE(strict_json_document(body, {8, 100000})) << body;
        EXPECT_LE(body.size(), limit + 2048);
        for (const char* const list : {"namespaces", "links", "edges"})
            EXPECT_NE(body.find(fmt::format("\"{}\":\"cut after ", list)), std::string::npos) << list << limit;
    }
}

}  // namespace
}  // namespace nodescope::api
