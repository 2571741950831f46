#include "server/cli/top.hpp"

#include "server/cli/figures.hpp"
#include "server/cli/text_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <sstream>
#include <thread>
#include <utility>

#include <unistd.h>

namespace nodescope::cli {

namespace {

/// Of the one look that is not live.
constexpr std::chrono::milliseconds looking_time{1'000};

struct used {
    json_value container;
    usage_rates rates;
    double memory = 0;
};

double weight_of(const used& one, usage_order order)
{
    const auto sum = [](const std::optional<double>& a, const std::optional<double>& b) {
        return a.value_or(0) + b.value_or(0);
    };
    switch (order) {
        case usage_order::cpu: return one.rates.cores.value_or(0);
        case usage_order::memory: return one.memory;
        case usage_order::network: return sum(one.rates.received, one.rates.sent);
        case usage_order::io: return sum(one.rates.read, one.rates.written);
    }
    return 0;
}

bool matches(const json_value& container, const std::string& filter)
{
    if (filter.empty()) return true;
    const std::string text = fmt::format("{} {} {} {}", name_text(container), pod_text(container),
                                         image_text(container), container["id"].text());
    return text.find(filter) != std::string::npos;
}

std::string rate_text(const std::optional<double>& rate) { return rate ? bytes_text(*rate) + "/s" : std::string(); }

colour colour_of_share(double share)
{
    constexpr double much = 0.75;
    constexpr double nearly_all = 0.9;
    if (share >= nearly_all) return colour::red;
    return share >= much ? colour::yellow : colour::none;
}

/// Of its limit; without one, of a core.
table_cell cpu_cell(const used& one)
{
    if (!one.rates.cores) return {""};
    const double limit = one.container.at("cpu/limit_cores").number().value_or(0);
    const double share = limit > 0 ? *one.rates.cores / limit : std::min(*one.rates.cores, 0.75);
    return {cores_text(*one.rates.cores), colour_of_share(share)};
}

colour memory_colour(const used& one)
{
    const double limit = one.container.at("memory/limit").number().value_or(0);
    return limit > 0 ? colour_of_share(one.memory / limit) : colour::none;
}

/// "[|||.......] ", for a share of what there is.
std::string bar_text(double share, const screen& on)
{
    if (!on.terminal) return {};
    constexpr std::size_t columns = 10;
    const auto full = static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * columns));
    const colour high = colour_of_share(share);
    return fmt::format("[{}{}] ", on.paint(high == colour::none ? colour::green : high, std::string(full, '|')),
                       on.paint(colour::dim, std::string(columns - full, '.')));
}

std::string memory_text(const used& one)
{
    const auto limit = one.container.at("memory/limit").number();
    if (!one.container.at("memory/working_set")) return {};
    if (!limit || *limit <= 0) return bytes_text(one.memory);
    constexpr double percent = 100;
    return fmt::format("{} ({:.0f}%)", bytes_text(one.memory), one.memory / *limit * percent);
}

std::string node_text(const json_value& before, const json_value& now, const screen& on)
{
    const usage_rates rates = rates_between(before, now);
    const auto cores = now.at("cpu/limit_cores").number();
    const auto memory = now.at("memory/working_set").number();
    const auto limit = now.at("memory/limit").number();
    std::string text = "node: CPU ";
    if (rates.cores && cores && *cores > 0) text += bar_text(*rates.cores / *cores, on);
    text += rates.cores ? cores_text(*rates.cores) : "-";
    if (memory) text += "  memory ";
    if (memory && limit && *limit > 0) text += bar_text(*memory / *limit, on);
    if (memory) text += bytes_text(*memory);
    if (memory && limit) text += fmt::format(" of {}", bytes_text(*limit));
    if (rates.received) text += fmt::format("  network in {} out {}", rate_text(rates.received), rate_text(rates.sent));
    return on.width == 0 ? text : fitted(text, on.width);
}

/// How much of the last ten seconds somebody waited for a CPU, for memory, for a disk.
std::string pressure_text(const json_value& pressure, const screen& on)
{
    if (!pressure) return {};
    constexpr double percent = 100;
    std::string text = "pressure:";
    for (const char* const kind : {"cpu", "memory", "io"}) {
        const std::string share = pressure[kind].text();
        if (share.empty()) continue;
        const colour how = colour_of_share(pressure[kind].number().value_or(0) / percent);
        text += fmt::format(" {} {}", kind, on.paint(how, shown(share) + '%'));
    }
    return on.width == 0 ? text : fitted(text, on.width);
}

/// The title of a column, with an arrow where it is sorted by.
std::string title_of(const char* name, usage_order order, const top_choice& how, const screen& on)
{
    if (!on.terminal || how.order != order) return name;
    return (how.reversed ? "\u2191" : "\u2193") + std::string(name);
}

}  // namespace

std::optional<usage_order> usage_order_called(std::string_view word)
{
    if (word == "cpu") return usage_order::cpu;
    if (word == "mem") return usage_order::memory;
    if (word == "net") return usage_order::network;
    if (word == "io") return usage_order::io;
    return std::nullopt;
}

top_lines top_of(const json_value& before, const json_value& now, const top_choice& how, const screen& on)
{
    const auto earlier = containers_by_id(before);
    std::vector<used> all;
    for (const json_value& one : now["containers"].elements()) {
        if (one.at("pod/sandbox").is_true() || !matches(one, how.filter)) continue;
        const auto was = earlier.find(one["id"].text());
        all.push_back({one, rates_between(was != earlier.end() ? was->second : json_value(), one),
                       one.at("memory/working_set").number().value_or(0)});
    }
    std::ranges::stable_sort(all, [&](const used& a, const used& b) {
        const double x = weight_of(a, how.order);
        const double y = weight_of(b, how.order);
        return how.reversed ? x < y : x > y;
    });

    text_table table({{"NAME", false, 8},
                      {"POD", false, 8},
                      {title_of("CPU", usage_order::cpu, how, on), true},
                      {title_of("MEMORY", usage_order::memory, how, on), true},
                      {title_of("NET IN", usage_order::network, how, on), true},
                      {title_of("NET OUT", usage_order::network, how, on), true},
                      {title_of("READ", usage_order::io, how, on), true},
                      {title_of("WRITE", usage_order::io, how, on), true},
                      {"TASKS", true}});
    for (const used& one : all) {
        table.add({{name_text(one.container)},
                   {pod_text(one.container)},
                   cpu_cell(one),
                   {memory_text(one), memory_colour(one)},
                   {rate_text(one.rates.received)},
                   {rate_text(one.rates.sent)},
                   {rate_text(one.rates.read)},
                   {rate_text(one.rates.written)},
                   {one.container["threads"].text()}});
    }
    top_lines made;
    made.node = node_text(before["node"], now["node"], on);
    made.pressure = pressure_text(now.at("node/pressure"), on);
    std::istringstream lines(table.text(on));
    std::getline(lines, made.head);
    for (std::string line; std::getline(lines, line);) made.rows.push_back(line);
    for (const used& one : all) made.ids.push_back(one.container["id"].text());
    return made;
}

std::vector<command_argument> top::arguments()
{
    std::vector<command_argument> all{
        {"--once", &once, "one look, as plain text", false, {}},
        {"--sort", &sort, "cpu, mem, net or io [cpu]", false, {}},
        {"--filter", &filter, "only containers with this in their name, pod or image", false, {}},
    };
    for (command_argument& one : how.arguments()) all.push_back(std::move(one));
    return all;
}

int top::run(const command_context& with) const
{
    const auto order = usage_order_called(sort);
    if (!order) return fail(fmt::format("top: --sort {}: use cpu, mem, net or io", sort));
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message());
    top_choice choice;
    choice.order = *order;
    choice.filter = filter;
    if (!once && !how.json && ::isatty(STDOUT_FILENO) == 1 && ::isatty(STDIN_FILENO) == 1) {
        if (run_top_screen(**from, choice)) return (*from)->leave(0);
        fail("this terminal is not known here (TERM): plain text");
    }
    const auto first = blocking_body(**from, "/v1/containers");
    if (!first) return fail(first.error().message()), (*from)->leave(1);
    if (how.json) return (*from)->leave(print(*first));
    std::this_thread::sleep_for(looking_time);
    const auto second = blocking_body(**from, "/v1/containers");
    if (!second) return fail(second.error().message()), (*from)->leave(1);
    const top_lines lines =
        top_of(json_value::of_document(*first), json_value::of_document(*second), choice, screen::of(stdout));
    std::string text = lines.node + '\n';
    if (!lines.pressure.empty()) text += lines.pressure + '\n';
    text += '\n' + lines.head + '\n';
    for (const std::string& one : lines.rows) text += one + '\n';
    return (*from)->leave(print(text));
}

}  // namespace nodescope::cli
