#include "collectors/network/counters/counters.hpp"

#include "core/files/bounded_file.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace nodescope {

namespace {

/// The longest of them, netstat, has 5 KiB in Linux 6.18.
constexpr std::size_t counters_limit_bytes = 64UL * 1024UL;

/// The kernel has ten. Each new one is compared with all others.
constexpr std::size_t groups_limit = 64;

std::optional<network_counter> counter_of(std::string_view name, std::string_view text)
{
    network_counter made;
    made.negative = text.starts_with('-');
    if (made.negative) text.remove_prefix(1);
    const auto amount = whole_number<std::uint64_t>(text);
    if (name.empty() || !amount) return std::nullopt;
    made.name = name;
    made.amount = *amount;
    return made;
}

void add_counter(std::vector<network_counter>& to, std::string_view name, std::string_view text)
{
    if (auto made = counter_of(name, text)) to.push_back(std::move(*made));
}

/// "Tcp:" without its colon; nothing for another word.
std::string_view group_name(std::string_view word)
{
    return word.ends_with(':') ? word.substr(0, word.size() - 1) : std::string_view();
}

/// A name and its value in turn; both may come from one line.
std::vector<network_counter> counters_of(fields& names, fields& values)
{
    std::vector<network_counter> made;
    for (std::string_view name = names.next(); !name.empty(); name = names.next()) {
        add_counter(made, name, values.next());
    }
    return made;
}

void add_group(std::vector<counter_group>& to, counter_group made)
{
    const bool known = std::ranges::any_of(to, [&](const counter_group& one) { return one.name == made.name; });
    if (!known && to.size() < groups_limit) to.push_back(std::move(made));
}

/// The lines of a text whose end may be missing.
std::string_view whole_lines(const files::file_text& read)
{
    const std::string_view text = read.text;
    return read.truncated ? text.substr(0, text.rfind('\n') + 1) : text;
}

void write_counter_list(json_writer& out, const std::vector<network_counter>& counters)
{
    out.object([&] {
        for (const network_counter& one : counters) {
            out.map_key(one.name);
            if (one.negative) out.raw(fmt::format("-{}", one.amount));
            else out.value(one.amount);
        }
    });
}

void write_counter_groups(json_writer& out, const std::vector<counter_group>& groups)
{
    out.object([&] {
        for (const counter_group& one : groups) out.map_key(one.name), write_counter_list(out, one.counters);
    });
}

}  // namespace

std::vector<counter_group> parse_counter_tables(std::string_view text)
{
    std::vector<counter_group> groups;
    std::string_view names;
    for_each_line(text, [&](std::string_view line) {
        fields values(line);
        const std::string_view group = group_name(values.next());
        fields known(names);
        if (!group.empty() && group == group_name(known.next())) {
            add_group(groups, {std::string(group), counters_of(known, values)});
            names = {};
        } else {
            names = line;
        }
        return true;
    });
    return groups;
}

std::vector<counter_group> parse_counter_lines(std::string_view text)
{
    std::vector<counter_group> groups;
    for_each_line(text, [&](std::string_view line) {
        fields words(line);
        const std::string_view group = group_name(words.next());
        if (!group.empty()) add_group(groups, {std::string(group), counters_of(words, words)});
        return true;
    });
    return groups;
}

std::vector<network_counter> parse_counter_list(std::string_view text)
{
    std::vector<network_counter> counters;
    for_each_line(text, [&](std::string_view line) {
        fields words(line);
        const std::string_view name = words.next();
        add_counter(counters, name, words.next());
        return true;
    });
    return counters;
}

std::optional<std::uint64_t> counter_called(const std::vector<network_counter>& counters, std::string_view name)
{
    const auto one = std::ranges::find(counters, name, &network_counter::name);
    return one != counters.end() && !one->negative ? std::optional(one->amount) : std::nullopt;
}

std::optional<std::uint64_t> counter_called(const std::vector<counter_group>& groups, std::string_view group,
                                            std::string_view name)
{
    const auto of = std::ranges::find(groups, group, &counter_group::name);
    return of != groups.end() ? counter_called(of->counters, name) : std::nullopt;
}

result<network_counters> blocking_read_counters(int process_directory, deadline limit, const abandon_flag& abandoned)
{
    network_counters made;
    const auto read = [&](const char* name) -> result<files::file_text> {
        const std::string shown = fmt::format("net/{}", name);
        if (abandoned.raised()) return error(failure::cancelled, fmt::format("read {}: the asker went away", shown));
        if (limit.passed()) {
            return error(failure::timed_out,
                         fmt::format("read {}: not finished within {}", shown, duration_text(limit.limit())));
        }
        auto text = files::read_file_at(process_directory, shown, counters_limit_bytes, shown);
        if (text && text->truncated) {
            append_clause(made.note, fmt::format("{} is cut after {} bytes", shown, counters_limit_bytes));
        }
        return text;
    };
    const std::pair<const char*, std::vector<counter_group>&> tables[] = {{"snmp", made.snmp},
                                                                          {"netstat", made.netstat}};
    for (const auto& [name, groups] : tables) {
        const auto text = read(name);
        if (!text) return text.error();
        groups = parse_counter_tables(whole_lines(*text));
    }
    const auto sockets = read("sockstat");
    if (!sockets) return sockets.error();
    made.sockstat = parse_counter_lines(whole_lines(*sockets));
    const auto list = read("snmp6");
    if (list) made.snmp6 = parse_counter_list(whole_lines(*list));
    const auto sockets6 = list ? read("sockstat6") : list;
    if (sockets6) made.sockstat6 = parse_counter_lines(whole_lines(*sockets6));
    if (sockets6) return made;
    // A kernel without IPv6 has the other files; a process that has ended has none.
    const bool alive = ::faccessat(process_directory, "net/snmp", F_OK, AT_EACCESS) == 0;
    if (sockets6.error().kind() != failure::gone || !alive) return sockets6.error();
    append_clause(made.note, "this kernel has no IPv6");
    return made;
}

void write_counters(json_writer& out, const network_counters& what)
{
    const auto optional_member = [&](std::string_view name, const auto& part, const auto& write) {
        out.key(name);
        if (part) write(out, *part);
        else out.null();
    };
    out.object([&] {
        out.key("snmp"), write_counter_groups(out, what.snmp);
        out.key("netstat"), write_counter_groups(out, what.netstat);
        out.key("sockstat"), write_counter_groups(out, what.sockstat);
        optional_member("snmp6", what.snmp6, write_counter_list);
        optional_member("sockstat6", what.sockstat6, write_counter_groups);
    });
}

}  // namespace nodescope
