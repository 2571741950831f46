// What goes into a bundle: entries of a tar archive, and texts without secrets. Pure.
#include "core/json/reader.hpp"
#include "core/json/writer.hpp"
#include "core/text_scan.hpp"
#include "server/cli/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace nodescope::cli {

namespace {

constexpr std::string_view redacted_word = "(redacted)";

/// Names of members whose values are left out, in lower case: Docker's, CRI's and Kubernetes' words, and ours.
constexpr std::array<std::string_view, 12> secret_members{"args",        "annotations", "cmd",           "command",
                                                          "cmdline",     "entrypoint",  "env",           "envs",
                                                          "environment", "labels",      "labelsencoded", "healthcheck"};

bool is_secret(std::string_view key)
{
    std::string lower(key);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return std::ranges::find(secret_members, lower) != secret_members.end();
}

/// `depth`: of JSON in strings in JSON; an answer of a processor has one level.
void append_redacted(std::string& out, std::string_view value, int depth)
{
    json_writer json(out);
    switch (json_kind_of(value)) {
        case json_kind::object:
            json.object([&] {
                (void)for_each_json_member(value, [&](std::string_view key, std::string_view member) {
                    json.map_key(key);
                    if (is_secret(key) && member != "null") json.plain_value(redacted_word);
                    else append_redacted(out, member, depth);
                });
            });
            return;
        case json_kind::array:
            json.array([&] {
                (void)for_each_json_element(value, [&](std::string_view one) { append_redacted(out, one, depth); });
            });
            return;
        case json_kind::string: {
            const auto text = decode_json_string(value);
            const bool nested = text && depth > 0 && !text->empty() && (text->front() == '{' || text->front() == '[');
            const auto document = nested ? json_document(*text) : json_document("");
            if (!document) return json.raw(value);
            std::string inner;
            append_redacted(inner, *document, depth - 1);
            json.value(inner);
            return;
        }
        default: json.raw(value);
    }
}

}  // namespace

std::string redacted_json(std::string_view text)
{
    const auto document = json_document(text);
    if (!document) return std::string(text);
    constexpr int strings_in_strings = 2;
    std::string out;
    append_redacted(out, *document, strings_in_strings);
    out += '\n';
    return out;
}

std::string redacted_metrics(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t label = text.find("container_label_");
        const std::size_t variable = text.find("container_env_");
        const std::size_t at = std::min(label, variable);
        const std::size_t open = at == std::string_view::npos ? at : text.find('"', at);
        if (open == std::string_view::npos) break;
        out += text.substr(0, open + 1);
        out += redacted_word;
        std::size_t close = open + 1;
        while (close < text.size() && text[close] != '"') close += text[close] == '\\' ? 2U : 1U;
        text.remove_prefix(std::min(close, text.size()));
    }
    out += text;
    return out;
}

std::string tar_entry(std::string_view name, std::string_view content, std::chrono::sys_seconds when)
{
    // POSIX.1-1988, ustar: fields of fixed places in a block of 512 bytes, numbers in octal digits.
    constexpr std::size_t block = 512;
    constexpr std::size_t name_bytes = 100;
    constexpr std::size_t checksum_at = 148;
    constexpr std::size_t checksum_bytes = 8;
    std::string header(block, '\0');
    const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
    put(0, name.substr(0, name_bytes));
    put(100, fmt::format("{:07o}", 0600));
    put(108, fmt::format("{:07o}", 0));
    put(116, fmt::format("{:07o}", 0));
    put(124, fmt::format("{:011o}", content.size()));
    put(136, fmt::format("{:011o}", when.time_since_epoch().count()));
    put(checksum_at, std::string(checksum_bytes, ' '));
    put(156, "0");
    put(257, std::string_view("ustar\00000", 8));
    unsigned sum = 0;
    for (const char byte : header) sum += static_cast<unsigned char>(byte);
    put(checksum_at, fmt::format("{:06o}", sum));
    header[checksum_at + 6] = '\0';
    std::string entry = std::move(header);
    entry += content;
    entry.append((block - content.size() % block) % block, '\0');
    return entry;
}

std::string tar_end() { return std::string(std::size_t{2} * 512, '\0'); }

}  // namespace nodescope::cli
