#include "server/api/network/findings_reply.hpp"

#include "core/json/writer.hpp"
#include "core/text.hpp"
#include "server/api/network/json_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::api {

namespace {

/// Of why a rule was not asked.
constexpr std::size_t longest_reason = 512;
/// For the note about findings that are left out.
constexpr std::size_t left_out_note_bytes = 160;

using rule_reasons = std::vector<std::pair<std::string_view, std::string>>;

void write_container(json_writer& json, const std::optional<findings::named_container>& which)
{
    json.key("container");
    if (!which) return json.null();
    json.object([&] {
        json.member("id", which->id);
        json.member("name", which->name);
        json.member("runtime", which->runtime);
    });
}

void write_subject(json_writer& json, const findings::subject& about)
{
    json.object_member("subject", [&] {
        json.member("netns", about.netns);
        json.key("ifname");
        if (about.ifname.empty()) json.null();
        else json.value(about.ifname);
        write_container(json, about.container);
    });
}

void write_not_checked(json_writer& json, const rule_reasons& reasons)
{
    json.object_member("not_checked", [&] {
        for (const auto& [name, why] : reasons) json.member(name, escape_untrusted(why, longest_reason));
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

/// What an answer about all networks has beside that of one.
struct more_members {
    more_members() = default;
    std::string text;  ///< a row of members, as JSON
    std::vector<std::pair<std::string, std::string>> notes;
    std::size_t all_findings = 0;  ///< with those that are not in the report any more
};

std::string findings_answer(const findings::report& made, std::string_view shown, std::size_t count,
                            const more_members& more)
{
    const auto notes = notes_of(made);
    std::string body;
    json_writer json(body);
    json.object([&] {
        json.raw_member("findings", shown);
        json.list_member("checked", made.checked);
        write_not_checked(json, made.not_checked);
        if (!more.text.empty()) json.raw(more.text);
        json.object_member("notes", [&] {
            for (const auto& [name, sentence] : notes) json.member(name, escape_untrusted(sentence, longest_reason));
            if (count < more.all_findings) {
                json.member("findings", fmt::format("cut after {} of {} findings: the answer would be too long", count,
                                                    more.all_findings));
            }
            for (const auto& [name, text] : more.notes) json.member(name, escape_untrusted(text, longest_reason));
        });
    });
    body += '\n';
    return body;
}

/// The elements of a list, as many as fit.
template <class T, class Write>
std::pair<std::string, std::size_t> written_list(const std::vector<T>& items, std::size_t limit_bytes,
                                                 const Write& write)
{
    std::string shown;
    std::size_t count = 0;
    json_writer json(shown);
    json.array([&] {
        for (const T& one : items) {
            const std::size_t before = shown.size();
            write(json, one);
            if (shown.size() > limit_bytes) {
                shown.resize(before);
                return;
            }
            ++count;
        }
    });
    return {std::move(shown), count};
}

result<std::string> fitting_answer(const findings::report& made, std::size_t limit_bytes, const more_members& more)
{
    const std::size_t around = findings_answer(made, "[]", more.all_findings, more).size() + left_out_note_bytes;
    if (around > limit_bytes) {
        return error(failure::too_large,
                     fmt::format("findings: the names of the rules alone are longer than the {} bytes that an answer "
                                 "may have",
                                 limit_bytes));
    }
    const auto [shown, count] = written_list(made.findings, limit_bytes - around, write_finding);
    return findings_answer(made, shown, count, more);
}

void write_differing(json_writer& json, const node_findings::differing_network& one)
{
    json.object([&] {
        json.member("netns", one.netns);
        write_container(json, one.container);
        write_not_checked(json, one.not_checked);
    });
}

void write_unseen(json_writer& json, const node_findings::unseen& one)
{
    json.object([&] {
        write_container(json, one.container);
        json.key("error");
        write_error(json, one.why, longest_reason);
    });
}

}  // namespace

result<std::string> findings_reply(const findings::report& made, std::size_t limit_bytes)
{
    more_members more;
    more.all_findings = made.findings.size();
    return fitting_answer(made, limit_bytes, more);
}

result<std::string> node_findings_reply(const node_findings& made, std::size_t limit_bytes)
{
    const auto [differing, told] = written_list(made.differing, limit_bytes / 4, write_differing);
    const auto [unseen, shown] = written_list(made.not_looked_at, limit_bytes / 4, write_unseen);
    more_members more;
    more.all_findings = made.all_findings;
    more.text = fmt::format(R"("networks":{},"containers":{},"not_checked_in":{},"not_looked_at":{})", made.networks,
                            made.containers, differing, unseen);
    const auto note_cut = [&more](std::string name, std::size_t count, std::size_t all) {
        if (count < all) more.notes.emplace_back(std::move(name), fmt::format("cut after {} of {}", count, all));
    };
    note_cut("not_checked_in", told, made.differing.size() + made.differing_left_out);
    note_cut("not_looked_at", shown, made.not_looked_at.size() + made.not_looked_at_left_out);
    if (!made.note.empty()) more.notes.emplace_back("containers", made.note);
    return fitting_answer(made.whole, limit_bytes, more);
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
