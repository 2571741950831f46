#include "server/api/network/path_reply.hpp"

#include "core/json/writer.hpp"
#include "core/text.hpp"
#include "server/api/network/network_reply.hpp"

#include <fmt/format.h>

#include <string_view>

namespace nodescope::api {

namespace {

/// Of a sentence.
constexpr std::size_t sentence_bytes_of_path = 2048;

void write_json_or_null(json_writer& json, std::string_view key, const std::string& text)
{
    if (text.empty()) {
        json.key(key);
        json.null();
    } else {
        json.raw_member(key, text);
    }
}

void write_text_or_null(json_writer& json, std::string_view key, const std::string& text)
{
    json.key(key);
    if (text.empty()) json.null();
    else json.value(text);
}

void write_hop_place(json_writer& json, const paths::hop& one)
{
    json.member("netns", one.netns);
    json.member("place", paths::to_string(one.place));
    write_text_or_null(json, "name", one.place_name);
    json.key("container");
    if (one.container) {
        json.object([&] {
            json.member("id", one.container->id);
            json.member("name", one.container->name);
            json.member("runtime", one.container->runtime);
        });
    } else {
        json.null();
    }
}

void write_hop(json_writer& json, const paths::hop& one, bool with_rules)
{
    json.object([&] {
        write_hop_place(json, one);
        write_text_or_null(json, "iif", one.input);
        write_text_or_null(json, "ifname", one.ifname);
        write_text_or_null(json, "translated", one.translated);
        write_json_or_null(json, "route", one.route);
        if (!one.candidates.empty()) json.raw_member("candidates", one.candidates);
        write_json_or_null(json, "neighbour", one.neighbour);
        if (!one.forwarding.empty()) json.raw_member("forwarding", one.forwarding);
        json.array_member("netfilter", [&] {
            if (!with_rules) return;
            for (const paths::quoted_rule& rule : one.netfilter) {
                json.object([&] {
                    json.member("hook", rule.hook);
                    json.member("table", rule.table);
                    json.member("rule", rule.text);
                    json.member("program", rule.program);
                });
            }
        });
        json.member("verdict", paths::to_string(one.what));
        json.member("why", escape_untrusted(one.why, sentence_bytes_of_path));
    });
}

std::string written_path(const path_reading& found, bool with_rules)
{
    std::string body;
    json_writer json(body);
    json.object([&] {
        write_target(json, found.target);
        json.member("reachable", paths::to_string(found.report.reachable));
        json.array_member("hops", found.report.hops, [&](const paths::hop& one) { write_hop(json, one, with_rules); });
        json.member("summary", escape_untrusted(found.report.summary, sentence_bytes_of_path));
        json.object_member("notes", [&] {
            if (!found.target.note.empty()) {
                json.member("target", escape_untrusted(found.target.note, sentence_bytes_of_path));
            }
            if (!found.report.notes.empty()) {
                const std::string all = joined(found.report.notes, "; ");
                json.member("hops", escape_untrusted(all, sentence_bytes_of_path));
            }
            if (!with_rules) json.member("netfilter", "left out: the answer would be too long");
        });
    });
    body += '\n';
    return body;
}

}  // namespace

result<std::string> path_reply(const path_reading& found, std::size_t limit_bytes)
{
    std::string body = written_path(found, true);
    if (body.size() <= limit_bytes) return body;
    body = written_path(found, false);
    if (body.size() <= limit_bytes) return body;
    return error(failure::too_large,
                 fmt::format("path: the hops alone are longer than the {} bytes that an answer may have", limit_bytes));
}

}  // namespace nodescope::api
