#include "server/api/network/network_reply.hpp"

#include "core/json/writer.hpp"
#include "core/text.hpp"
#include "server/api/network/json_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace nodescope::api {

namespace {

/// Of one in `errors` and `notes`.
constexpr std::size_t note_bytes = 512;
/// For a note about a cut, which is written after it is known what fits.
constexpr std::size_t cut_note_bytes = 128;

void write_container(json_writer& json, const container& of)
{
    json.object([&] {
        json.member("id", of.id);
        json.member("name", of.name);
        json.member("runtime", of.runtime);
        json.key("pod");
        if (of.pod.name.empty()) {
            json.null();
            return;
        }
        json.object([&] {
            json.member("namespace", of.pod.name_space);
            json.member("name", of.pod.name);
            json.member("uid", of.pod.uid);
            json.member("container", of.pod.container);
        });
    });
}

/// What is in the answer of a part: its text up to `bytes`.
struct fitted_part {
    const network_reading::part* from = nullptr;
    std::size_t bytes = 0;
    std::size_t elements = 0;
    bool cut = false;
};

void cut_to(fitted_part& part, std::size_t limit)
{
    const std::vector<std::size_t>& ends = part.from->text->ends;
    // The bracket behind it needs a byte.
    const auto behind = std::ranges::upper_bound(ends, limit > 0 ? limit - 1 : 0);
    part.elements = static_cast<std::size_t>(behind - ends.begin());
    part.bytes = part.elements == 0 ? 2 : ends[part.elements - 1] + 1;
    part.cut = true;
}

bool is_whole(const fitted_part& one) { return one.from->text->ends.empty(); }

/// Of what cannot be cut the longest are left out, until the others take no more than half of the room.
std::vector<const network_part*> drop_whole(std::vector<fitted_part>& parts, std::size_t limit)
{
    std::vector<const network_part*> dropped;
    for (;;) {
        std::size_t whole = 0;
        auto longest = parts.end();
        for (auto one = parts.begin(); one != parts.end(); ++one) {
            if (!is_whole(*one)) continue;
            whole += one->bytes;
            if (longest == parts.end() || one->bytes > longest->bytes) longest = one;
        }
        const bool alone = parts.size() == 1;
        if (whole <= (alone ? limit : limit / 2)) return dropped;
        dropped.push_back(longest->from->which);
        parts.erase(longest);
    }
}

/// Cuts the longest lists, all to the same length. False where that is not enough.
bool fit(std::vector<fitted_part>& parts, std::size_t limit)
{
    std::vector<fitted_part*> lists;
    std::size_t fixed = 0;
    for (fitted_part& one : parts) {
        if (is_whole(one)) fixed += one.bytes;
        else lists.push_back(&one);
    }
    std::ranges::sort(lists, {}, &fitted_part::bytes);
    std::size_t left = limit - fixed;
    for (std::size_t i = 0; i < lists.size(); ++i) {
        const std::size_t share = left / (lists.size() - i);
        if (lists[i]->bytes > share) {
            if (share < 2) return false;
            cut_to(*lists[i], share);
        }
        left -= lists[i]->bytes;
    }
    return true;
}

std::string_view text_of(const fitted_part& part)
{
    const std::string& whole = part.from->text->json;
    return std::string_view(whole).substr(0, part.cut ? part.bytes - 1 : whole.size());
}

using sentences = std::map<std::string_view, std::string>;

sentences notes_of(const network_reading& found, const std::vector<fitted_part>& fitted)
{
    sentences notes;
    if (!found.note.empty()) notes["target"] = found.note;
    for (const fitted_part& one : fitted) {
        std::string note = one.from->text->note;
        if (one.cut) {
            append_clause(note, fmt::format("cut after {} of {} elements: the answer would be too long", one.elements,
                                            one.from->text->ends.size()));
        }
        if (!note.empty()) notes[one.from->which->name] = std::move(note);
    }
    return notes;
}

error left_out(const network_part& which)
{
    return {failure::too_large,
            fmt::format("network: it is too long for this answer: ask for it alone (parts={})", which.name)};
}

void write_frame(std::string& body, const network_reading& found, const std::vector<fitted_part>& fitted,
                 const std::vector<const network_part*>& dropped)
{
    json_writer json(body);
    json.object([&] {
        write_target(json, found);
        for (const fitted_part& one : fitted) {
            json.key(one.from->which->name);
            json.raw(text_of(one));
            if (one.cut) body += ']';
        }
        json.object_member("errors", [&] {
            for (const network_reading::part& one : found.parts) {
                if (one.text) continue;
                json.key(one.which->name);
                write_error(json, one.text.error(), note_bytes);
            }
            for (const network_part* const one : dropped) {
                json.key(one->name);
                write_error(json, left_out(*one), note_bytes);
            }
            if (found.owner && found.owner->runtime_failure) {
                json.key("runtime");
                write_error(json, *found.owner->runtime_failure, note_bytes);
            }
        });
        json.object_member("notes", [&] {
            for (const auto& [name, note] : notes_of(found, fitted)) {
                json.member(name, escape_untrusted(note, note_bytes));
            }
        });
    });
}

}  // namespace

void write_target(json_writer& json, const network_reading& found)
{
    json.object_member("target", [&] {
        json.key("container");
        if (found.owner) write_container(json, found.owner->what);
        else json.null();
        json.member("pid", found.pid);
        json.member("netns", found.space.inode);
        json.member("host_network", found.host_network);
        json.member("verified", found.verified);
        json.key("resolved_by");
        if (found.owner) json.value(found.owner->resolved_by);
        else json.null();
    });
}

result<std::string> network_reply(const network_reading& found, std::size_t limit_bytes)
{
    std::vector<fitted_part> fitted;
    for (const network_reading::part& one : found.parts) {
        if (one.text) fitted.push_back({.from = &one, .bytes = one.text->json.size()});
    }
    if (fitted.empty() && !found.parts.empty()) return found.parts.front().text.error();

    // What stands around the parts.
    std::string frame;
    write_frame(frame, found, {}, {});
    std::size_t around = frame.size();
    for (const fitted_part& one : fitted) {
        around += one.from->which->name.size() * 2 + note_bytes + cut_note_bytes;
    }
    const std::size_t room = limit_bytes - std::min(around, limit_bytes);
    const auto dropped = drop_whole(fitted, room);
    if ((fitted.empty() && !dropped.empty()) || !fit(fitted, room)) {
        return error(failure::too_large,
                     fmt::format("network: what must stay whole is longer than the {} bytes that an answer may have",
                                 limit_bytes));
    }
    std::string body;
    std::size_t needed = around;
    for (const fitted_part& one : fitted) needed += one.bytes + 1;
    body.reserve(std::min(needed, limit_bytes) + 1);
    write_frame(body, found, fitted, dropped);
    body += '\n';
    return body;
}

}  // namespace nodescope::api
