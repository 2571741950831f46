#include "collectors/network/resolver.hpp"

#include "core/files/foreign_file.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace nodescope {

namespace {

/// What stands behind a keyword at the very beginning of a line, which a blank must follow.
std::optional<std::string_view> after_keyword(std::string_view line, std::string_view keyword)
{
    if (!line.starts_with(keyword) || line.size() == keyword.size()) return std::nullopt;
    const char next = line[keyword.size()];
    if (next != ' ' && next != '\t') return std::nullopt;
    return line.substr(keyword.size() + 1);
}

std::vector<std::string> words_of(std::string_view text)
{
    std::vector<std::string> all;
    fields words(text);
    for (std::string_view word = words.next(); !word.empty(); word = words.next()) all.emplace_back(word);
    return all;
}

bool is_address(std::string_view text, bool any_form)
{
    // Longer than any address, with the name of an interface (16) behind it.
    constexpr std::size_t longest = 80;
    // inet_aton() stops at a blank of any kind, and a resolver takes no address with such a one behind it.
    const bool odd = text.find_first_of(std::string_view("\0\r\v\f", 4)) != std::string_view::npos;
    if (text.empty() || text.size() > longest || odd) return false;
    std::string whole(text);
    in_addr four{};
    // "10.1" and the like are addresses for a resolver; in hosts(5) they are not.
    if (any_form && ::inet_aton(whole.c_str(), &four) != 0) return true;
    in6_addr six{};
    if (any_form) whole.resize(std::min(whole.find('%'), whole.size()));
    return ::inet_pton(AF_INET, whole.c_str(), &four) == 1 || ::inet_pton(AF_INET6, whole.c_str(), &six) == 1;
}

void take_nameserver(resolv_conf& made, std::string_view rest)
{
    const std::string_view address = fields(rest).next();
    if (address.empty()) return;
    if (is_address(address, true)) made.nameservers.emplace_back(address);
    else ++made.unknown_nameservers;
}

/// The whole lines of what was read of a file, and what to say of the rest.
std::string_view text_within(const files::file_text& read, std::string_view path, std::string& note)
{
    const std::string_view text = read.text;
    if (!read.truncated) return text;
    append_clause(note, fmt::format("{} is longer than {} bytes: the rest is not shown", path, text.size()));
    return text.substr(0, text.rfind('\n') + 1);
}

void write_entries(json_writer& out, const std::vector<hosts_entry>& entries)
{
    out.array(entries, [&](const hosts_entry& one) {
        out.object([&] {
            out.member("address", one.address);
            out.list_member("names", one.names);
        });
    });
}

}  // namespace

resolv_conf parse_resolv_conf(std::string_view text)
{
    resolv_conf made;
    for_each_line(text, [&made](std::string_view line) {
        if (line.starts_with('#') || line.starts_with(';')) return true;
        if (const auto server = after_keyword(line, "nameserver")) {
            take_nameserver(made, *server);
        } else if (const auto search = after_keyword(line, "search")) {
            if (auto words = words_of(*search); !words.empty()) made.search = std::move(words);
        } else if (const auto domain = after_keyword(line, "domain")) {
            if (const auto word = fields(*domain).next(); !word.empty()) made.search = {std::string(word)};
        } else if (const auto options = after_keyword(line, "options")) {
            for (std::string& word : words_of(*options)) made.options.push_back(std::move(word));
        } else if (const auto sortlist = after_keyword(line, "sortlist")) {
            if (auto words = words_of(*sortlist); !words.empty()) made.sortlist = std::move(words);
        }
        return true;
    });
    return made;
}

hosts_file parse_hosts(std::string_view text)
{
    hosts_file made;
    for_each_line(text, [&made](std::string_view line) {
        fields words(line.substr(0, line.find('#')));
        const std::string_view address = words.next();
        hosts_entry entry;
        for (std::string_view name = words.next(); !name.empty(); name = words.next()) entry.names.emplace_back(name);
        if (entry.names.empty() || !is_address(address, false)) return true;
        if (made.entries.size() == hosts_entries_limit) {
            ++made.left_out;
            return true;
        }
        entry.address = address;
        made.entries.push_back(std::move(entry));
        return true;
    });
    return made;
}

result<container_resolver> blocking_read_resolver(int process_directory, deadline limit, const abandon_flag& abandoned)
{
    const auto check = [&]() -> std::optional<error> {
        if (abandoned.raised()) return error(failure::cancelled, "read the resolver's files: the asker went away");
        if (!limit.passed()) return std::nullopt;
        return error(failure::timed_out,
                     fmt::format("read the resolver's files: not finished within {}", duration_text(limit.limit())));
    };
    if (auto stopped = check()) return std::move(*stopped);
    const auto inside = files::open_root_of(process_directory);
    if (!inside) return inside.error();
    container_resolver made;
    const std::string configuration = "/etc/resolv.conf";
    const std::string hosts = "/etc/hosts";
    const auto first = files::read_foreign_file(*inside, configuration, resolv_conf_limit_bytes, check);
    if (auto stopped = check()) return std::move(*stopped);
    if (first) {
        made.configuration = parse_resolv_conf(text_within(*first, configuration, made.note));
        const std::size_t unknown = made.configuration->unknown_nameservers;
        if (unknown > 0) append_clause(made.note, fmt::format("{} lines of nameserver have no address", unknown));
    } else {
        append_clause(made.note, first.error().message());
    }
    const auto second = files::read_foreign_file(*inside, hosts, hosts_limit_bytes, check);
    if (auto stopped = check()) return std::move(*stopped);
    if (second) {
        made.hosts = parse_hosts(text_within(*second, hosts, made.note));
        if (made.hosts->left_out > 0) {
            append_clause(made.note, fmt::format("{} of {} entries of {} are shown", hosts_entries_limit,
                                                 hosts_entries_limit + made.hosts->left_out, hosts));
        }
    } else {
        append_clause(made.note, second.error().message());
    }
    if (!first && !second) return first.error();
    return made;
}

void write_resolver(json_writer& out, const container_resolver& what)
{
    const auto write_list = [&](std::string_view name, const std::vector<std::string>& words, const auto& one) {
        out.key(name);
        if (what.configuration) out.array(words, one);
        else out.null();
    };
    const auto word = [&](const std::string& text) { out.value(text); };
    std::size_t told = 0;
    const auto server = [&](const std::string& address) {
        out.object([&] {
            out.member("address", address);
            if (told < what.nameserver_routes.size()) out.member("route", what.nameserver_routes[told]);
        });
        ++told;
    };
    const resolv_conf known = what.configuration.value_or(resolv_conf());
    out.object([&] {
        write_list("nameservers", known.nameservers, server);
        write_list("search", known.search, word);
        write_list("options", known.options, word);
        write_list("sortlist", known.sortlist, word);
        out.key("hosts");
        if (what.hosts) write_entries(out, what.hosts->entries);
        else out.null();
    });
}

}  // namespace nodescope
