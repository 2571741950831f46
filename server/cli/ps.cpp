#include "server/cli/ps.hpp"

#include "core/text.hpp"
#include "server/cli/collect.hpp"
#include "server/cli/figures.hpp"
#include "server/cli/progress.hpp"
#include "server/cli/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

namespace nodescope::cli {

namespace {

/// Between two looks: long enough that CPU time, which cgroup v1 counts in ticks of 10 ms, says something.
constexpr std::chrono::milliseconds measuring_time{300};

table_cell state_of_running(const json_value& one)
{
    const std::string health = one["health"].text();
    if (!one["pid"]) return {"no process", colour::yellow};
    if (health == "unhealthy") return {"unhealthy", colour::red};
    return {"running", colour::green};
}

void add_running(text_table& table, const json_value& before, const json_value& one, std::int64_t now_s)
{
    const usage_rates rates = rates_between(before, one);
    const auto memory = one.at("memory/working_set").number();
    const auto addresses = one["addresses"].texts();
    table.add({{one["id"].text().substr(0, short_id_length)},
               {name_text(one)},
               {pod_text(one)},
               {one["runtime"].text()},
               {image_text(one)},
               state_of_running(one),
               {age_text(one["started"] ? one["started"].text() : one["created"].text(), now_s)},
               {one["pid"].text()},
               {rates.cores ? cores_text(*rates.cores) : std::string()},
               {memory ? bytes_text(*memory) : std::string()},
               {joined(addresses, " ")}});
}

/// As the list of a runtime has it, Docker's or one made as Docker makes it.
void add_stopped(text_table& table, const json_value& one)
{
    std::vector<std::string> names = one["Names"].texts();
    for (std::string& name : names) name.erase(0, name.starts_with('/') ? 1 : 0);
    const std::string status = one["Status"].text();
    const bool failed = status.starts_with("Exited (") && !status.starts_with("Exited (0)");
    table.add({{one["Id"].text().substr(0, short_id_length)},
               {joined(names, " ")},
               {""},
               {""},
               {one["Image"].text()},
               {status.empty() ? one["State"].text() : status, failed ? colour::yellow : colour::dim},
               {""},
               {""},
               {""},
               {""},
               {""}});
}

}  // namespace

std::string containers_text(const json_value& before, const json_value& now, const json_value& stopped,
                            const list_choice& which, std::int64_t now_s, const screen& on)
{
    text_table table({{"ID", false, 4},
                      {"NAME", false, 8},
                      {"POD", false, 8},
                      {"RUNTIME", false, 6},
                      {"IMAGE", false, 6},
                      {"STATE"},
                      {"AGE", true},
                      {"PID", true},
                      {"CPU", true},
                      {"MEMORY", true},
                      {"ADDRESS", false, 9}});
    const auto earlier = containers_by_id(before);
    auto running = now["containers"].elements();
    std::ranges::stable_sort(running, {},
                             [](const json_value& one) { return std::pair(pod_text(one), name_text(one)); });
    for (const json_value& one : running) {
        if (!which.pod.empty() && pod_text(one) != which.pod) continue;
        if (!which.all && one.at("pod/sandbox").is_true()) continue;
        const auto was = earlier.find(one["id"].text());
        add_running(table, was != earlier.end() ? was->second : json_value(), one, now_s);
    }
    const auto there = containers_by_id(now);
    for (const json_value& one : stopped.elements()) {
        if (which.pod.empty() && !there.contains(one["Id"].text())) add_stopped(table, one);
    }
    std::string out = table.text(on);
    if (table.empty()) out = which.pod.empty() ? "no container runs here\n" : "no container of that pod runs here\n";
    now["notes"].for_each_member([&](std::string_view about, const json_value& note) {
        out += wrapped(shown(fmt::format("{}: {}", about, note.text())), on.width, 2) + '\n';
    });
    return out;
}

std::vector<command_argument> ps::arguments()
{
    std::vector<command_argument> all{
        {"-a,--all", &which.all, "sandboxes of pods and containers that have ended, too", false, {}},
        {"--pod", &which.pod, "only those of a pod, as NAMESPACE/NAME", false, {}},
    };
    for (command_argument& one : how.arguments()) all.push_back(std::move(one));
    return all;
}

int ps::run(const command_context& with) const
{
    if (!which.pod.empty() && which.pod.find('/') == std::string::npos) {
        return fail("ps: --pod takes NAMESPACE/NAME");
    }
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message());
    const std::string path = "/v1/containers";
    const auto first = blocking_body(**from, how.json ? path : "/v1/containers?processes=false");
    if (!first) return fail(first.error().message()), (*from)->leave(1);
    if (how.json) return (*from)->leave(print(*first));
    std::this_thread::sleep_for(measuring_time);
    const auto second = blocking_body(**from, path);
    if (!second) return fail(second.error().message()), (*from)->leave(1);
    std::string stopped;
    int code = 0;
    if (which.all) {
        // Only runtimes know what has ended before the service began; where none answers, that is all there is to say.
        const auto listed = [&] {
            const waiting_sign sign("asking the runtime", with.config.http.request_timeout);
            return blocking_body(**from, "/processor/containerCollector", "{}");
        }();
        if (listed) stopped = unwrapped(*listed);
        else code = fail("what has ended is not known: " + listed.error().message());
    }
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string text = containers_text(
        json_value::of_document(*first), json_value::of_document(*second), json_value::of_document(stopped), which,
        std::chrono::duration_cast<std::chrono::seconds>(now).count(), screen::of(stdout));
    return (*from)->leave(std::max(code, print(text)));
}

}  // namespace nodescope::cli
