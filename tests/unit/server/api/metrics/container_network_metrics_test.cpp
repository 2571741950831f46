#include "collectors/wiring/wiring.hpp"
#include "server/api/metrics/container_metrics.hpp"
#include "server/api/metrics/container_scrape.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace nodescope::api {
namespace {

constexpr std::size_t much = 1U << 20U;

std::string id_of(char digit) { return std::string(64, digit); }

/// The node with br0, veth7 in it and a card; a container with eth0 at veth7 and mv0 on the card, which two share.
wiring made_wiring()
{
    wiring made;
    made.namespaces.resize(3);
    made.namespaces[0].kind = namespace_kind::node;
    made.namespaces[1].kind = namespace_kind::container;
    for (const char digit : {'a', 'b'}) made.namespaces[1].containers.emplace_back().id = id_of(digit);
    made.namespaces[2].kind = namespace_kind::container;
    made.namespaces[2].containers.emplace_back().id = id_of('c');
    const auto add = [&made](std::size_t space, std::string name) {
        wired_link& one = made.links.emplace_back();
        one.space = space;
        one.name = std::move(name);
        return made.links.size() - 1;
    };
    const auto bridge = add(0, "br0");
    const auto port = add(0, "veth\"7");
    const auto card = add(0, "card");
    const auto eth0 = add(1, "eth0");
    const auto mv0 = add(1, "mv0");
    const auto alone = add(2, "eth0");
    made.links[port].master = bridge;
    made.edges = {{edge_kind::bridge_port, port, bridge},
                  {edge_kind::veth, port, eth0},
                  {edge_kind::lower, mv0, card},
                  {edge_kind::tunnel, alone, card},
                  {edge_kind::lower, alone, mv0}};
    return made;
}

cadvisor::container_view view_of(const std::string& id, bool with_network)
{
    cadvisor::container_view one;
    one.name = "/docker/" + id;
    one.is_container = true;
    one.spec = std::make_shared<const cadvisor::container_spec>();
    cadvisor::sample& taken = one.samples.emplace_back();
    if (with_network) taken.network = std::make_shared<const host::network_usage>();
    return one;
}

std::vector<std::string> lines_of(const wiring* wired, const container_metric_options& options = {},
                                  std::string_view beginning = "container_network_node_interface_info{",
                                  std::size_t limit_bytes = much)
{
    container_views found;
    found.push_back(view_of(id_of('a'), true));
    found.back().name = "/";
    found.back().is_container = false;
    found.push_back(view_of(id_of('a'), true));
    found.push_back(view_of(id_of('b'), false));
    found.push_back(view_of(id_of('c'), true));
    found.push_back(view_of(id_of('d'), true));
    metric_families families;
    add_container_metrics(families, found, {}, options, {}, {}, limit_bytes, wired);
    std::vector<std::string> lines;
    const std::string text = families.take_text();
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        if (line.starts_with(beginning)) lines.push_back(line);
        at = end + 1;
    }
    return lines;
}

TEST(NodeInterfaceMetrics, TellWhichLinkOfTheNodeIsWhose)
{
    const wiring made = made_wiring();
    const std::string labels = "{id=\"/docker/" + id_of('a') + "\",image=\"\",interface=\"";
    const std::string name = "container_network_node_interface_info" + labels;
    EXPECT_EQ(lines_of(&made),
              (std::vector<std::string>{name + R"(eth0",name="",node_bridge="br0",node_interface="veth\"7"} 1)",
                                        name + R"(mv0",name="",node_bridge="",node_interface="card"} 1)"}));
}

TEST(NodeInterfaceMetrics, AreNotThereWithoutBeingAskedFor)
{
    EXPECT_TRUE(lines_of(nullptr).empty());
    const wiring nothing;
    EXPECT_TRUE(lines_of(&nothing).empty());
    const wiring made = made_wiring();
    container_metric_options options;
    options.chosen.interfaces_left_out = {"eth*"};
    EXPECT_EQ(lines_of(&made, options).size(), 1U);
    container_metric_options without;
    without.chosen = series_choice({}, {"network"});
    EXPECT_TRUE(lines_of(&made, without).empty());
}

/// The node's, and those of a network that three share, of which two have been measured.
wiring measured_wiring()
{
    wiring made = made_wiring();
    // They share the node's network, and are not "/".
    made.namespaces[0].containers.emplace_back().id = id_of('d');
    made.namespaces[1].containers.emplace_back().id = id_of('c');
    for (std::size_t space = 0; space < 3; ++space) made.namespaces[space].netns = 100 + space;
    auto& node = made.figures.by_netns[100];
    node.tcp_listen_overflows = 1;
    node.conntrack_entries = 7;
    auto& shared = made.figures.by_netns[101];
    shared.tcp_listen_overflows = 18446744073709551615U;
    shared.udp_sockets = 0;
    made.figures.left_out = 4;
    return made;
}

TEST(NetworkFigures, AreThereOnceForEachNetwork)
{
    const wiring made = measured_wiring();
    const std::string node = R"({id="/",image="",name=""} )";
    const std::string shared = "{id=\"/docker/" + id_of('a') + R"(",image="",name=""} )";
    const auto of = [&](std::string_view family) { return lines_of(&made, {}, family); };
    using lines = std::vector<std::string>;
    EXPECT_EQ(of("container_network_tcp_listen_overflows_total"),
              (lines{"container_network_tcp_listen_overflows_total" + node + "1",
                     "container_network_tcp_listen_overflows_total" + shared + "1.8446744073709552e+19"}));
    EXPECT_EQ(of("container_network_conntrack_entries"), (lines{"container_network_conntrack_entries" + node + "7"}));
    EXPECT_EQ(of("container_network_udp_sockets"), (lines{"container_network_udp_sockets" + shared + "0"}));
    EXPECT_TRUE(of("container_network_tcp_listen_drops_total").empty());
    EXPECT_EQ(of("# TYPE container_network_tcp_listen_overflows_total"),
              (lines{"# TYPE container_network_tcp_listen_overflows_total counter"}));
    EXPECT_EQ(of("# TYPE container_network_udp_sockets"), (lines{"# TYPE container_network_udp_sockets gauge"}));
}

TEST(NetworkFigures, SayWhatIsLeftOut)
{
    const wiring made = measured_wiring();
    EXPECT_EQ(lines_of(&made, {}, "nodescope_scrape_left_out{what=\"networks\"}"),
              (std::vector<std::string>{"nodescope_scrape_left_out{what=\"networks\"} 4"}));
    EXPECT_TRUE(lines_of(nullptr, {}, "nodescope_scrape_left_out{what=\"networks\"}").empty());
}

TEST(NetworkFigures, AreNotThereWithoutTheirGroup)
{
    const wiring made = measured_wiring();
    container_metric_options options;
    options.chosen = series_choice({}, {"network"});
    EXPECT_TRUE(lines_of(&made, options, "container_network_tcp_listen").empty());
    EXPECT_FALSE(lines_of(&made, {}, "container_network_tcp_listen").empty());
    EXPECT_TRUE(lines_of(nullptr, {}, "container_network_tcp_listen").empty());
}

}  // namespace
}  // namespace nodescope::api
