#include "server/cli/net_screen.hpp"

#include "core/text.hpp"
#include "server/cli/doctor.hpp"
#include "server/cli/figures.hpp"
#include "server/cli/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::cli {

namespace {

std::string title(const screen& on, std::string_view text)
{
    return fmt::format("\n{}\n", on.paint(colour::bold, text));
}

std::string about_text(const json_value& target, const screen& on)
{
    std::vector<std::string> words;
    const json_value container = target["container"];
    if (container) {
        words.push_back(on.paint(colour::bold, shown(container["name"].text())));
        words.push_back(shown(container["id"].text().substr(0, short_id_length)));
        words.push_back(shown(container["runtime"].text()));
        const json_value pod = container["pod"];
        if (pod) words.push_back(shown(fmt::format("pod {}/{}", pod["namespace"].text(), pod["name"].text())));
    }
    words.push_back(fmt::format("pid {}", target["pid"].count()));
    words.push_back(fmt::format("net:[{}]", target["netns"].count()));
    if (target["host_network"].is_true()) words.emplace_back("the node's network");
    if (target["verified"] && !target["verified"].is_true()) words.push_back(on.paint(colour::yellow, "not verified"));
    return wrapped(joined(words, "  "), on.width, 2) + '\n';
}

std::string other_end_text(const json_value& peer)
{
    if (!peer) return {};
    std::string text = peer["peer_ifname"].text();
    if (text.empty()) text = fmt::format("index {}", peer["peer_ifindex"].count());
    const std::string where = peer["netns"].text();
    if (where == "node") text += " on the node";
    else if (peer["container"]) text += " in " + peer.at("container/name").text();
    else if (where == "other") text += " in another namespace";
    if (peer["master"]) text += ", port of " + peer["master"].text();
    return text;
}

table_cell state_cell(const json_value& link)
{
    const auto flags = link["flags"].texts();
    const auto has = [&](std::string_view flag) { return std::ranges::find(flags, flag) != flags.end(); };
    if (!has("UP")) return {"DOWN", colour::red};
    if (has("NO-CARRIER")) return {"NO-CARRIER", colour::red};
    return {"UP", colour::green};
}

std::string links_text(const json_value& network, const screen& on)
{
    std::map<std::uint64_t, json_value> peers;
    for (const json_value& one : network["peers"].elements()) peers[one["ifindex"].count()] = one;
    text_table table(
        {{"LINK"}, {"STATE"}, {"MTU", true}, {"KIND"}, {"ADDRESSES", false, 15}, {"OTHER END", false, 12}});
    for (const json_value& link : network["addr"].elements()) {
        std::vector<std::string> addresses;
        for (const json_value& one : link["addr_info"].elements()) {
            addresses.push_back(fmt::format("{}/{}", one["local"].text(), one["prefixlen"].count()));
        }
        std::string kind = link.at("linkinfo/info_kind").text();
        if (kind.empty()) kind = link["link_type"].text();
        table.add({{link["ifname"].text()},
                   state_cell(link),
                   {link["mtu"].text()},
                   {kind},
                   {joined(addresses, " ")},
                   {other_end_text(peers[link["ifindex"].count()])}});
    }
    return table.text(on);
}

bool is_default(const json_value& route) { return route["dst"].text() == "default"; }

std::string route_text(const json_value& route)
{
    std::string text = route["type"].text() == "unicast" ? std::string() : route["type"].text() + ' ';
    text += route["dst"].text();
    std::string gateway = route["gateway"].text();
    if (gateway.empty()) gateway = route.at("via/host").text();
    if (!gateway.empty()) text += " via " + gateway;
    if (route["dev"]) text += " dev " + route["dev"].text();
    for (const json_value& hop : route["nexthops"].elements()) {
        text += fmt::format(" nexthop {} dev {}", hop["gateway"].text(), hop["dev"].text());
    }
    if (route["table"] && route["table"].text() != "main") text += " table " + route["table"].text();
    if (route["metric"]) text += " metric " + route["metric"].text();
    return text;
}

std::string routes_text(const json_value& network, const screen& on)
{
    std::string out;
    std::size_t others = 0;
    for (const json_value& one : network["route"].elements()) {
        if (is_default(one)) out += "  " + wrapped(shown(route_text(one)), on.width, 4) + '\n';
        else if (one["table"].text() != "local") ++others;
    }
    if (out.empty()) out = "  none\n";
    return out + on.paint(colour::dim, fmt::format("  and {} other route{}", others, others == 1 ? "" : "s")) + '\n';
}

std::string names_text(const json_value& resolver, const screen& on)
{
    std::vector<std::string> servers;
    for (const json_value& one : resolver["nameservers"].elements()) servers.push_back(one["address"].text());
    std::string out = fmt::format("nameservers {}", servers.empty() ? "none" : joined(servers, " "));
    for (const char* const list : {"search", "options"}) {
        const auto words = resolver[list].texts();
        if (!words.empty()) out += fmt::format("; {} {}", list, joined(words, " "));
    }
    return "  " + wrapped(shown(out), on.width, 4) + '\n';
}

std::string address_text(const json_value& socket)
{
    const std::string address = socket["address"].text();
    const bool six = address.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", six ? "[" : "", address, six ? "]" : "", socket["port"].count());
}

std::string sockets_text(const json_value& sockets, const screen& on)
{
    text_table table({{"PROTO"}, {"LISTENS ON", false, 10}, {"QUEUE", true}, {"UID", true}, {"PROCESS", false, 8}});
    const auto holder = [](const json_value& of) {
        if (!of["process"]) return std::string();
        return fmt::format("{} ({})", of["name"].text(), of["process"].count());
    };
    for (const json_value& one : sockets.at("tcp/listen").elements()) {
        const bool full = one["queue_limit"].count() > 0 && one["queue"].count() >= one["queue_limit"].count();
        table.add(
            {{"tcp"},
             {address_text(one)},
             {fmt::format("{}/{}", one["queue"].count(), one["queue_limit"].text()), full ? colour::red : colour::none},
             {one["uid"].text()},
             {holder(one)}});
    }
    for (const json_value& one : sockets["udp"].elements()) {
        if (one["state"].text() == "established") continue;
        table.add({{"udp"}, {address_text(one)}, {one["receive_queue"].text()}, {one["uid"].text()}, {holder(one)}});
    }
    std::vector<std::string> states;
    sockets.at("tcp/by_state").for_each_member([&](std::string_view state, const json_value& count) {
        if (count.count() > 0 && state != "listen") states.push_back(fmt::format("{} {}", count.count(), state));
    });
    std::string out = table.empty() ? std::string("  nobody listens\n") : table.text(on);
    if (states.empty()) return out;
    const std::string counts = fmt::format("tcp: {}", joined(states, ", "));
    return out + "  " + on.paint(colour::dim, wrapped(counts, on.width, 4)) + '\n';
}

/// What could not be read, and what is to be said of what was.
std::string remarks_text(const json_value& network, const screen& on)
{
    std::string out;
    const auto append = [&](colour how) {
        return [&out, &on, how](std::string_view key, const json_value& value) {
            std::string text = value["message"].text();
            if (text.empty()) text = value.text();
            out += on.paint(how, wrapped(shown(fmt::format("{}: {}", key, text)), on.width, 4)) + '\n';
        };
    };
    network["errors"].for_each_member(append(colour::red));
    network["notes"].for_each_member(append(colour::dim));
    return out;
}

}  // namespace

std::string net_screen(const json_value& network, const json_value& findings, const screen& on)
{
    std::string out = about_text(network["target"], on);
    if (network["addr"]) out += title(on, "LINKS") + links_text(network, on);
    if (network["route"]) out += title(on, "DEFAULT ROUTES") + routes_text(network, on);
    if (network["resolver"]) out += title(on, "NAMES") + names_text(network["resolver"], on);
    if (network["sockets"]) out += title(on, "LISTENERS") + sockets_text(network["sockets"], on);
    if (findings) out += title(on, "FINDINGS") + findings_text(findings, on);
    const std::string remarks = remarks_text(network, on);
    if (!remarks.empty()) out += '\n' + remarks;
    return out;
}

}  // namespace nodescope::cli
