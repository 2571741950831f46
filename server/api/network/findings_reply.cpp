#include "server/api/network/findings_reply.hpp"

#include "core/json/writer.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::api {

namespace {

/// Of why a rule was not asked.
constexpr std::size_t longest_reason = 512;
/// For the note about findings that are left out.
constexpr std::size_t left_out_note_bytes = 160;

void write_subject(json_writer& json, const findings::subject& about)
{
    json.object_member("subject", [&] {
        json.member("netns", about.netns);
        json.key("ifname");
        if (about.ifname.empty()) json.null();
        else json.value(about.ifname);
        json.key("container");
        if (!about.container) return json.null();
        json.object([&] {
            json.member("id", about.container->id);
            json.member("name", about.container->name);
            json.member("runtime", about.container->runtime);
        });
    });
}

void write_finding(json_writer& json, const findings::finding& one)
{
    json.object([&] {
        json.member("rule", one.rule);
        json.member("severity", findings::to_string(one.weight));
        write_subject(json, one.about);
        json.member("summary", one.summary);
        json.object_member("evidence", [&] {
            for (const auto& [key, value] : one.seen.entries()) {
                json.key(key);
                std::visit([&](const auto& what) { json.value(what); }, value);
            }
        });
        json.member("hint", one.hint);
    });
}

/// By their names, of which each may come once: a rule that was cut may have another note.
std::vector<std::pair<std::string, std::string>> notes_of(const findings::report& made)
{
    std::vector<std::pair<std::string, std::string>> notes = made.notes;
    for (const auto& [name, more] : made.left_out) {
        const auto known = std::ranges::find(notes, name, &std::pair<std::string, std::string>::first);
        std::string& to = known != notes.end() ? known->second : notes.emplace_back(name, "").second;
        append_clause(to, fmt::format("cut after {} findings: there are {} more", findings::finding_list::most, more));
    }
    return notes;
}

std::string findings_answer(const findings::report& made, std::string_view shown, std::size_t count)
{
    const auto notes = notes_of(made);
    std::string body;
    json_writer json(body);
    json.object([&] {
        json.raw_member("findings", shown);
        json.list_member("checked", made.checked);
        json.object_member("not_checked", [&] {
            for (const auto& [name, why] : made.not_checked) json.member(name, escape_untrusted(why, longest_reason));
        });
        json.object_member("notes", [&] {
            for (const auto& [name, sentence] : notes) json.member(name, escape_untrusted(sentence, longest_reason));
            if (count < made.findings.size()) {
                json.member("findings", fmt::format("cut after {} of {} findings: the answer would be too long", count,
                                                    made.findings.size()));
            }
        });
    });
    body += '\n';
    return body;
}

}  // namespace

result<std::string> findings_reply(const findings::report& made, std::size_t limit_bytes)
{
    const std::size_t around = findings_answer(made, "[]", made.findings.size()).size() + left_out_note_bytes;
    if (around > limit_bytes) {
        return error(failure::too_large,
                     fmt::format("findings: the names of the rules alone are longer than the {} bytes that an answer "
                                 "may have",
                                 limit_bytes));
    }
    std::string shown;
    std::size_t count = 0;
    json_writer json(shown);
    json.array([&] {
        for (const findings::finding& one : made.findings) {
            const std::size_t before = shown.size();
            write_finding(json, one);
            if (around + shown.size() > limit_bytes) {
                shown.resize(before);
                return;
            }
            ++count;
        }
    });
    return findings_answer(made, shown, count);
}

std::string findings_rules_reply(const std::vector<std::string>& off)
{
    std::string body;
    json_writer json(body);
    json.object([&] {
        json.objects_member("rules", findings::all_rules(), [&](const findings::rule& one) {
            json.member("rule", one.name);
            json.member("severity", findings::to_string(one.weight));
            json.member("means", one.means);
            json.member("hint", one.hint);
            json.member("enabled", std::ranges::find(off, one.name) == off.end());
        });
    });
    body += '\n';
    return body;
}

}  // namespace nodescope::api
