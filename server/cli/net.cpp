#include "server/cli/net.hpp"

#include "server/cli/collect.hpp"
#include "server/cli/json_value.hpp"
#include "server/cli/net_screen.hpp"
#include "server/cli/progress.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include <unistd.h>

namespace nodescope::cli {

std::vector<command_argument> net::arguments()
{
    std::vector<command_argument> all = about.arguments();
    all.push_back({"--ip", &ip, "what `ip addr` prints there, and nothing else", false, {}});
    all.push_back({"--route", &route, "what `route` prints there", false, {}});
    all.push_back({"--nat", &nat, "what `iptables-save -t nat` prints there", false, {}});
    for (command_argument& one : how.arguments()) all.push_back(std::move(one));
    return all;
}

int net::run(const command_context& with) const
{
    if (const auto said = about.check(); !said) return fail("net: " + said.error().message());
    if (static_cast<int>(ip) + static_cast<int>(route) + static_cast<int>(nat) > 1) {
        return fail("net: --ip, --route or --nat: one of them");
    }
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message());
    int code = 0;
    if (ip) code = print_text(**from, "ipaddr");
    else if (route) code = print_text(**from, "Route");
    else if (nat) code = print_text(**from, "Nat");
    else code = print_screen(**from, with.config.http.request_timeout);
    return (*from)->leave(code);
}

int net::print_screen(answers& from, std::chrono::milliseconds limit) const
{
    const std::string query = about.query();
    std::optional<waiting_sign> sign;
    sign.emplace("looking", limit);
    const auto network = blocking_body(
        from, fmt::format("/v1/network?{}{}{}", query, how.json ? "" : "&parts=", how.json ? "" : net_screen_parts));
    if (!network || how.json) sign.reset();
    if (!network) return fail_about(about.reference, network.error());
    if (how.json) return print(*network);
    const auto findings = blocking_body(from, "/v1/findings?" + query);
    sign.reset();
    const std::string text =
        net_screen(json_value::of_document(*network), findings ? json_value::of_document(*findings) : json_value(),
                   screen::of(stdout));
    const int code = print(text);
    return findings ? code : fail("findings: " + findings.error().message());
}

int net::print_text(answers& from, std::string_view key) const
{
    std::vector<std::string> pairs;
    const std::size_t slash = about.pod.find('/');
    if (about.node) pairs.emplace_back("pid=1");
    else if (!about.pid.empty()) pairs.push_back("pid=" + about.pid);
    else if (about.pod.empty()) pairs.push_back("id=" + about.reference);
    else if (slash == std::string::npos) return fail("net: --pod takes NAMESPACE/NAME");
    if (!about.pod.empty()) {
        pairs.push_back("pod.namespace=" + about.pod.substr(0, slash));
        pairs.push_back("pod.name=" + about.pod.substr(slash + 1));
        if (!about.reference.empty()) pairs.push_back("container=" + about.reference);
    }
    const auto parameters = parameters_json(pairs);
    if (!parameters) return fail(parameters.error().message());
    const auto got = blocking_body(from, "/processor/netInfoCollector", *parameters);
    if (!got) return fail_about(about.reference, got.error());
    const json_value answer = json_value::of_document(*got);
    const std::string prefix = "collector.kubernetes.container.";
    const json_value text = answer[prefix + std::string(key)];
    if (text) return print(as_shown(text.text(), ::isatty(STDOUT_FILENO) == 1));
    const std::string errors = answer[prefix + "Errors"].text();
    const std::string why = json_value::of_document(errors)[key].text();
    return fail(why.empty() ? fmt::format("{}: there is none", key) : why);
}

}  // namespace nodescope::cli
