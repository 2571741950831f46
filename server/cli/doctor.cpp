#include "server/cli/doctor.hpp"

#include "server/cli/figures.hpp"
#include "server/cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <thread>

namespace nodescope::cli {

namespace {

constexpr std::size_t finding_indent = 4;
constexpr std::chrono::milliseconds between_readings{1'050};

colour colour_of_severity(std::string_view severity)
{
    if (severity == "error") return colour::red;
    return severity == "warning" ? colour::yellow : colour::blue;
}

/// Where it is: the container and the link, as far as they are known.
std::string place_of(const json_value& subject)
{
    std::string where = shown(subject.at("container/name").text());
    if (where.empty()) where = shown(subject.at("container/id").text().substr(0, short_id_length));
    const std::string link = shown(subject["ifname"].text());
    if (!where.empty() && !link.empty()) where += ' ';
    return where + link;
}

void append_finding(std::string& out, const json_value& one, const screen& on)
{
    const std::string severity = one["severity"].text();
    const std::string rule = shown(one["rule"].text());
    const std::string place = place_of(one["subject"]);
    out += fmt::format("{}  {}", on.paint(colour_of_severity(severity), shown(severity)), on.paint(colour::bold, rule));
    const std::size_t columns = columns_of(shown(severity)) + 2 + columns_of(rule) + 2 + columns_of(place);
    const bool fits = on.width == 0 || columns <= on.width;
    const std::string blanks(finding_indent, ' ');
    if (!place.empty()) out += fits ? "  " + place : '\n' + blanks + wrapped(place, on.width, finding_indent);
    out += '\n';
    out += blanks + wrapped(shown(one["summary"].text()), on.width, finding_indent) + '\n';
    std::string seen;
    one["evidence"].for_each_member([&](std::string_view key, const json_value& value) {
        if (!seen.empty()) seen += ", ";
        seen += fmt::format("{}: {}", shown(key), shown(value.text()));
    });
    if (!seen.empty()) out += blanks + on.paint(colour::dim, wrapped(seen, on.width, finding_indent)) + '\n';
    out += blanks + wrapped(shown(one["hint"].text()), on.width, finding_indent) + "\n\n";
}

std::string counted(std::size_t count, std::string_view noun)
{
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// A name and what is said of it, a line each.
void append_remarks(std::string& out, const json_value& remarks, std::string_view title, const screen& on)
{
    std::string lines;
    remarks.for_each_member([&](std::string_view key, const json_value& value) {
        const std::string text = fmt::format("{}: {}", shown(key), shown(value.text()));
        lines += std::string(finding_indent, ' ') + wrapped(text, on.width, 2 * finding_indent) + '\n';
    });
    if (!lines.empty()) out += fmt::format("{}\n{}", title, lines);
}

/// A rule has not been asked because there was nothing to compare with.
bool wants_second_reading(std::string_view body)
{
    bool wants = false;
    json_value::of_document(body)["not_checked"].for_each_member([&](std::string_view, const json_value& why) {
        wants = wants || why.text().find("needs two readings") != std::string::npos;
    });
    return wants;
}

}  // namespace

std::string findings_text(const json_value& answer, const screen& on)
{
    std::string out;
    std::size_t errors = 0;
    std::size_t warnings = 0;
    const auto findings = answer["findings"].elements();
    for (const json_value& one : findings) {
        append_finding(out, one, on);
        const std::string severity = one["severity"].text();
        if (severity == "error") ++errors;
        else if (severity == "warning") ++warnings;
    }
    const std::string sum = fmt::format(
        "{}, {}, {}; {} checked", counted(errors, "error"), counted(warnings, "warning"),
        counted(findings.size() - errors - warnings, "note"), counted(answer["checked"].elements().size(), "rule"));
    out += wrapped(sum, on.width, 0) + '\n';
    return out;
}

std::string findings_remarks(const json_value& answer, const screen& on)
{
    std::string out;
    append_remarks(out, answer["not_checked"], "not checked:", on);
    append_remarks(out, answer["notes"], "notes:", on);
    return out;
}

int findings_code(const json_value& answer)
{
    int code = 0;
    bool left_out = false;
    answer["not_checked"].for_each_member([&](std::string_view, const json_value&) { left_out = true; });
    if (left_out && answer["checked"].elements().empty()) code = could_not_look;
    for (const json_value& one : answer["findings"].elements()) {
        const std::string severity = one["severity"].text();
        if (severity == "error") code = 2;
        else if (severity == "warning") code = std::max(code, 1);
    }
    return code;
}

std::vector<command_argument> doctor::arguments()
{
    std::vector<command_argument> all{
        {"reference", &reference, "a container: name, id, or at least 12 digits of it", false, {}},
        {"--node", &node, "the node itself", false, {}},
        {"-A,--all", &all_of_them, "the node and every running container", false, {}},
    };
    for (command_argument& one : how.arguments()) all.push_back(std::move(one));
    return all;
}

int doctor::run(const command_context& with) const
{
    if (static_cast<int>(!reference.empty()) + static_cast<int>(node) + static_cast<int>(all_of_them) > 1) {
        fail("doctor: a container, --node or --all: one of them");
        return could_not_look;
    }
    // Counters that grow are seen in two readings. Of all networks the answer takes one, and keeps it for the next
    // answer.
    constexpr std::string_view two_readings = "&interval=1s";
    std::string path = fmt::format("/v1/findings?node{}", two_readings);
    if (!reference.empty()) path = fmt::format("/v1/findings?container={}{}", query_value(reference), two_readings);
    else if (all_of_them) path = "/v1/findings?all";
    const auto from = find_answers(how, with.config);
    if (!from) return fail(from.error().message()), could_not_look;
    const auto body = [&] {
        const waiting_sign sign(all_of_them ? "looking at the node and every container" : "looking",
                                with.config.http.request_timeout);
        auto got = blocking_body(**from, path);
        if (!got || !all_of_them || !wants_second_reading(*got)) return got;
        std::this_thread::sleep_for(between_readings);
        return blocking_body(**from, path);
    }();
    if (!body) return fail_about(reference, body.error()), (*from)->leave(could_not_look);
    const json_value answer = json_value::of_document(*body);
    const screen on = screen::of(stdout);
    const int printed = print(how.json ? *body : findings_text(answer, on) + findings_remarks(answer, on));
    return (*from)->leave(printed == 0 ? findings_code(answer) : could_not_look);
}

}  // namespace nodescope::cli
