#include "server/cli/events.hpp"

#include "core/rfc3339.hpp"
#include "server/cli/collect.hpp"
#include "server/cli/figures.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>
#include <system_error>

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

/// As journalctl has it: "Nov 28 08:30:12".
std::string local_time_text(const std::string& timestamp)
{
    const auto when = parse_exact_rfc3339(timestamp);
    if (!when) return shown(timestamp);
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(*when).time_since_epoch().count();
    std::tm parts{};
    std::array<char, 32> text{};
    if (::localtime_r(&seconds, &parts) == nullptr) return shown(timestamp);
    return {text.data(), std::strftime(text.data(), text.size(), "%b %d %H:%M:%S", &parts)};
}

/// Of a container that has ended: "Exited (137) 2 seconds ago".
std::optional<std::uint64_t> exit_code_in(std::string_view status)
{
    constexpr std::string_view before = "Exited (";
    std::uint64_t code = 0;
    if (!status.starts_with(before)) return std::nullopt;
    const char* const end = status.data() + status.size();
    const auto read = std::from_chars(status.data() + before.size(), end, code);
    return read.ec == std::errc() && read.ptr != end && *read.ptr == ')' ? std::optional(code) : std::nullopt;
}

/// -1 is told where nobody could say it at that moment.
bool is_unknown(const json_value& exit_code) { return exit_code.text().starts_with("-"); }

/// "exit code 137 (SIGKILL)".
std::string exit_text(std::optional<std::uint64_t> known)
{
    if (!known) return "exit code unknown";
    constexpr std::uint64_t ended_by_signal = 128;
    const std::uint64_t code = *known;
    const char* const signal = code > ended_by_signal && code < ended_by_signal + NSIG
                                   ? ::sigabbrev_np(static_cast<int>(code - ended_by_signal))
                                   : nullptr;
    return signal == nullptr ? fmt::format("exit code {}", code) : fmt::format("exit code {} (SIG{})", code, signal);
}

/// The id at the end of a container's cgroup, as its runtime and systemd write it; empty where there is none, and for
/// the monitor that CRI-O and Podman run beside a container ("crio-conmon-<id>.scope").
std::string_view id_of_cgroup(std::string_view cgroup)
{
    constexpr std::size_t id_length = 64;
    std::string_view last = cgroup.substr(cgroup.rfind('/') + 1);
    if (last.ends_with(".scope")) last.remove_suffix(std::string_view(".scope").size());
    if (last.size() < id_length || last.find("conmon-") != std::string_view::npos) return {};
    const std::string_view id = last.substr(last.size() - id_length);
    if (id.find_first_not_of("0123456789abcdef") != std::string_view::npos) return {};
    return id.size() == last.size() || last[last.size() - id_length - 1] == '-' ? id : std::string_view();
}

}  // namespace

void cgroup_names::learn(const json_value& listing)
{
    if (names_.size() > most) names_.clear();
    if (exit_codes_.size() > most) exit_codes_.clear();
    for (const json_value& one : listing["containers"].elements()) {
        std::string& name = names_[one["cgroup"].text()];
        if (one["name"].text().empty()) continue;
        const std::string pod = pod_text(one);
        name = name_text(one) + (pod.empty() ? "" : " in " + pod);
    }
}

void cgroup_names::learn_of_runtime(const json_value& list)
{
    for (const json_value& one : list.elements()) {
        const json_value labels = one["Labels"];
        const auto names = one["Names"].texts();
        const std::string app = labels["io.kubernetes.container.name"].text();
        std::string& name = names_[one["Id"].text()];
        if (const auto code = exit_code_in(one["Status"].text())) exit_codes_[one["Id"].text()] = *code;
        if (!app.empty()) {
            name = fmt::format("{} in {}/{}", app, labels["io.kubernetes.pod.namespace"].text(),
                               labels["io.kubernetes.pod.name"].text());
        } else if (!names.empty()) {
            name = names.front().substr(names.front().starts_with('/') ? 1 : 0);
        }
    }
}

std::string cgroup_names::name_of(std::string_view cgroup) const
{
    const auto found = names_.find(cgroup);
    if (found != names_.end() && !found->second.empty()) return found->second;
    const auto by_id = names_.find(id_of_cgroup(cgroup));
    return by_id != names_.end() ? by_id->second : std::string();
}

std::optional<std::uint64_t> cgroup_names::exit_code(std::string_view cgroup) const
{
    const auto found = exit_codes_.find(id_of_cgroup(cgroup));
    return found != exit_codes_.end() ? std::optional(found->second) : std::nullopt;
}

bool cgroup_names::is_container(std::string_view cgroup) const
{
    return names_.contains(cgroup) || !id_of_cgroup(cgroup).empty();
}

std::string cgroup_names::called(std::string_view cgroup) const
{
    for (std::size_t end = cgroup.size(); end != std::string_view::npos && end > 0; end = cgroup.rfind('/', end - 1)) {
        const std::string_view part = cgroup.substr(0, end);
        std::string name = name_of(part);
        if (name.empty()) name = id_of_cgroup(part).substr(0, short_id_length);
        if (!name.empty()) return end == cgroup.size() ? name : fmt::format("{} {}", name, cgroup.substr(end));
    }
    return std::string(cgroup);
}

std::string event_line(const json_value& event, const cgroup_names& names, const screen& on)
{
    const std::string type = event["event_type"].text();
    const std::string cgroup = event["container_name"].text();
    const bool comes_or_goes = type == "containerCreation" || type == "containerDeletion";
    if (comes_or_goes && !names.is_container(cgroup)) return {};
    const json_value told = event.at("event_data/container_deletion/exit_code");
    const auto exit_code = is_unknown(told) ? names.exit_code(cgroup) : std::optional(told.count());
    const json_value kill = event.at("event_data/oom");
    std::string about = shown(names.called(cgroup));
    if (told) about += "  " + exit_text(exit_code);
    if (kill) about += shown(fmt::format("  {} ({})", kill["process_name"].text(), kill["pid"].text()));

    const std::string time = local_time_text(event["timestamp"].text());
    constexpr std::size_t longest_words = 17;
    constexpr std::size_t indent = 4;
    std::string what = shown(words_for(type));
    const std::size_t room = what.size() < longest_words ? longest_words - what.size() : 0;
    const std::size_t columns = columns_of(time) + 2 + what.size() + room + 2 + columns_of(about);
    what = on.paint(colour_of_event(type, exit_code.value_or(0)), what);
    if (on.width == 0 || columns <= on.width) {
        return fmt::format("{}  {}{}  {}\n", time, what, std::string(room, ' '), about);
    }
    return fmt::format("{}  {}\n{}{}\n", time, what, std::string(indent, ' '), wrapped(about, on.width, indent));
}

namespace {

/// Names for what comes, asked of where the events come from. Without names, events are about ids.
class name_finder {
public:
    explicit name_finder(answers& from) : from_(from) { look(); }

    const cgroup_names& names_for(const json_value& event)
    {
        const std::string cgroup = event["container_name"].text();
        if (!names_.knows(cgroup)) look();
        // One that has ended at once was in no list of what runs, and how it ended may have been asked for too early.
        // Its runtime knows, if it answers.
        const bool unknown = is_unknown(event.at("event_data/container_deletion/exit_code"));
        if (names_.is_container(cgroup) && (unknown || !names_.knows(cgroup))) ask_runtime();
        return names_;
    }

private:
    void look()
    {
        const auto listing = blocking_body(from_, "/v1/containers?processes=false");
        if (listing) names_.learn(json_value::of_document(*listing));
    }
    void ask_runtime()
    {
        constexpr std::chrono::minutes until_it_is_well{1};
        const auto now = std::chrono::steady_clock::now();
        if (now < not_before_) return;
        const auto list = blocking_body(from_, "/processor/containerCollector", "{}");
        const std::string text = list ? unwrapped(*list) : std::string();
        if (list) names_.learn_of_runtime(json_value::of_document(text));
        else not_before_ = now + until_it_is_well;
    }

    answers& from_;
    cgroup_names names_;
    std::chrono::steady_clock::time_point not_before_{};
};

}  // namespace

int events::run(const command_context& with) const
{
    std::signal(SIGPIPE, SIG_IGN);  // the reader of our output may have seen enough
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message());
    const screen on = screen::of(stdout);
    line_splitter lines;
    std::optional<name_finder> finder;
    if (!how.json) finder.emplace(**from);
    bool failed = false;
    const auto take = [&](std::string_view piece) {
        lines.take(piece, [&](std::string_view line) {
            const json_value event = json_value::of_document(line);
            const std::string text =
                finder ? event_line(event, finder->names_for(event), on) : std::string(line) + '\n';
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
