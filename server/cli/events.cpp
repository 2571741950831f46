#include "server/cli/events.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>

namespace nodescope::cli {

namespace {

colour colour_of_event(std::string_view type, std::uint64_t exit_code)
{
    if (type == "oom" || type == "oomKill") return colour::red;
    if (type == "containerDeletion") return exit_code == 0 ? colour::none : colour::yellow;
    return type == "containerCreation" ? colour::green : colour::none;
}

std::string_view words_for(std::string_view type)
{
    if (type == "containerCreation") return "started";
    if (type == "containerDeletion") return "ended";
    if (type == "oom") return "out of memory";
    return type == "oomKill" ? "killed for memory" : type;
}

}  // namespace

std::string event_line(const json_value& event, const screen& on)
{
    const std::string type = event["event_type"].text();
    const json_value exit_code = event.at("event_data/container_deletion/exit_code");
    const json_value kill = event.at("event_data/oom");
    std::string more;
    if (exit_code) more = fmt::format("  exit code {}", exit_code.text());
    if (kill) more = fmt::format("  {} ({})", kill["process_name"].text(), kill["pid"].text());
    const std::string what(words_for(type));
    const std::string time = shown(event["timestamp"].text());
    const std::size_t room = what.size() < 17 ? 17 - what.size() : 0;
    return fmt::format("{}  {}{}  {}{}\n", time, on.paint(colour_of_event(type, exit_code.count()), shown(what)),
                       std::string(room, ' '), shown(event["container_name"].text()), shown(more));
}

int events::run(const command_context& with) const
{
    std::signal(SIGPIPE, SIG_IGN);  // the reader of our output may have seen enough
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message());
    const screen on = screen::of(stdout);
    line_splitter lines;
    bool failed = false;
    const auto take = [&](std::string_view piece) {
        lines.take(piece, [&](std::string_view line) {
            const std::string text =
                how.json ? std::string(line) + '\n' : event_line(json_value::of_document(line), on);
            failed = failed || std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0;
        });
        return !failed;
    };
    const auto followed =
        (*from)->blocking_follow("/api/v2.1/events?stream=true&all_events=true&subcontainers=true", take);
    if (!followed) return fail(followed.error().message()), (*from)->leave(1);
    return (*from)->leave(0);
}

}  // namespace nodescope::cli
