#include "server/cli/path.hpp"

#include "core/text.hpp"
#include "server/cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace nodescope::cli {

namespace {

colour colour_of_verdict(std::string_view verdict)
{
    if (verdict == "stopped" || verdict == "no") return colour::red;
    if (verdict == "unknown") return colour::yellow;
    return verdict == "delivered" || verdict == "yes" ? colour::green : colour::none;
}

/// "via 10.0.0.1 dev eth0 src 10.0.0.2", as `ip route get` has it.
std::string hop_route_text(const json_value& route)
{
    std::vector<std::string> words;
    const std::string type = route["type"].text();
    if (!type.empty() && type != "unicast") words.push_back(type);
    for (const auto& [key, word] :
         {std::pair("gateway", "via"), {"dev", "dev"}, {"prefsrc", "src"}, {"table", "table"}}) {
        if (route[key]) words.push_back(fmt::format("{} {}", word, route[key].text()));
    }
    if (route["via"]) words.push_back("via " + route.at("via/host").text());
    return joined(words, " ");
}

std::string neighbour_text(const json_value& neighbour)
{
    std::string text = neighbour["dst"].text();
    if (neighbour["lladdr"]) text += " is " + neighbour["lladdr"].text();
    const auto states = neighbour["state"].texts();
    return states.empty() ? text : fmt::format("{} ({})", text, joined(states, ","));
}

/// A line of details below a hop; nothing where there is none.
void append_detail(std::string& out, std::string_view name, const std::string& text, const screen& on)
{
    if (text.empty()) return;
    constexpr std::size_t detail_indent = 5;
    const std::string line = fmt::format("{} {}", name, shown(text));
    out += std::string(detail_indent, ' ') + on.paint(colour::dim, wrapped(line, on.width, detail_indent + 2)) + '\n';
}

}  // namespace

std::string destination_query(const std::string& address)
{
    std::string host = address;
    std::string port;
    const std::size_t colon = address.rfind(':');
    const std::size_t bracket = address.rfind(']');
    if (bracket != std::string::npos && address.starts_with('[')) {
        host = address.substr(1, bracket - 1);
        if (colon != std::string::npos && colon > bracket) port = address.substr(colon + 1);
    } else if (colon != std::string::npos && address.find(':') == colon) {
        host = address.substr(0, colon);
        port = address.substr(colon + 1);
    }
    std::string query = "to=" + query_value(host);
    if (!port.empty()) query += "&port=" + query_value(port);
    return query;
}

std::string hops_text(const json_value& answer, const screen& on)
{
    std::string out;
    std::size_t number = 0;
    for (const json_value& hop : answer["hops"].elements()) {
        const std::string verdict = hop["verdict"].text();
        std::string where = hop.at("container/name").text();
        if (where.empty()) where = hop["name"].text();
        if (where.empty())
            where = hop["place"].text() == "node" ? "node" : fmt::format("net:[{}]", hop["netns"].count());
        const std::string line = fmt::format("{}  {}  {}", shown(where), shown(hop["ifname"].text()),
                                             on.paint(colour_of_verdict(verdict), shown(verdict)));
        constexpr std::size_t number_columns = 5;
        const bool fits = on.width == 0 || number_columns + columns_of(line) <= on.width;
        out += fmt::format("{:>3}  {}\n", ++number, fits ? line : wrapped(line, on.width, number_columns));
        append_detail(out, "route", hop_route_text(hop["route"]), on);
        append_detail(out, "neighbour", neighbour_text(hop["neighbour"]), on);
        for (const json_value& rule : hop["netfilter"].elements()) {
            append_detail(out, "rule", fmt::format("{}: {}", rule["hook"].text(), rule["rule"].text()), on);
        }
        append_detail(out, "translated to", hop["translated"].text(), on);
        append_detail(out, "why", hop["why"].text(), on);
    }
    const std::string reachable = answer["reachable"].text();
    out += wrapped(fmt::format("reachable: {}. {}", on.paint(colour_of_verdict(reachable), shown(reachable)),
                               shown(answer["summary"].text())),
                   on.width, 2) +
           '\n';
    answer["notes"].for_each_member([&](std::string_view key, const json_value& value) {
        out += wrapped(shown(fmt::format("{}: {}", key, value.text())), on.width, 2) + '\n';
    });
    return out;
}

std::vector<command_argument> path::arguments()
{
    std::vector<command_argument> all{
        {"reference", &first, "a container: name, id, or at least 12 digits of it; not with --node or --pid", true, {}},
        {"address", &second, "where to: 10.0.0.1, 10.0.0.1:53, fd00::1, [fd00::1]:53", false, {}},
        {"--node", &node, "from the node itself", false, {}},
        {"--pid", &pid, "from the network of a process", false, {}},
        {"--protocol", &protocol, "tcp or udp, where there is a port [tcp]", false, {}},
    };
    for (command_argument& one : how.arguments()) all.push_back(std::move(one));
    return all;
}

int path::run(const command_context& with) const
{
    const bool without_name = node || !pid.empty();
    const std::string& address = without_name ? first : second;
    if (address.empty() || (without_name && !second.empty())) {
        return fail("path: say from where and where to: path web 10.0.0.1:53, or path --node 10.0.0.1");
    }
    std::string query = "container=" + query_value(first);
    if (node) query = "node";
    else if (!pid.empty()) query = "pid=" + query_value(pid);
    query += "&" + destination_query(address);
    if (!protocol.empty()) query += "&protocol=" + query_value(protocol);
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message());
    const auto body = [&] {
        const waiting_sign sign("looking", with.config.http.request_timeout);
        return blocking_body(**from, "/v1/path?" + query);
    }();
    if (!body) return (*from)->leave(fail_about(without_name ? "" : first, body.error()));
    const int code = print(how.json ? *body : hops_text(json_value::of_document(*body), screen::of(stdout)));
    return (*from)->leave(code);
}

}  // namespace nodescope::cli
