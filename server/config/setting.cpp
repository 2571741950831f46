#include "server/config/setting.hpp"

#include "core/deadline.hpp"
#include "core/text_scan.hpp"

#include <algorithm>
#include <optional>

namespace nodescope {

namespace {

using texts = std::vector<std::string>;

/// "a,b" → "a", "b". What is empty is left out.
texts split_list(const texts& given)
{
    texts parts;
    for (const std::string& one : given) {
        for (std::size_t at = 0; at < one.size();) {
            const std::size_t comma = std::min(one.find(',', at), one.size());
            if (comma > at) parts.push_back(one.substr(at, comma - at));
            at = comma + 1;
        }
    }
    return parts;
}

std::string list_text(const texts& values)
{
    return values.empty() ? std::string() : fmt::format("[{}]", joined(values, ","));
}

/// 8192 → "8KiB"
std::string bytes_text(std::size_t value)
{
    if (value % (1U << 20U) == 0) return fmt::format("{}MiB", value >> 20U);
    return value % (1U << 10U) == 0 ? fmt::format("{}KiB", value >> 10U) : fmt::format("{}", value);
}

result<std::size_t> in_range(std::string_view shown, std::optional<std::size_t> value, std::size_t least,
                             std::size_t most)
{
    if (value && *value >= least && *value <= most) return *value;
    return error(failure::invalid, fmt::format("Value {} not in range {} to {}", shown, least, most));
}

/// "8KiB" → 8192
result<std::size_t> parse_bytes(std::string_view text)
{
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view unit = text.substr(digits);
    const auto count = whole_number<std::size_t>(text.substr(0, digits));
    if (!count) return error(failure::invalid, fmt::format("{} is not a number of bytes", text));
    if (unit.empty()) return *count;
    for (const auto& [name, shift] : {std::pair("KiB", 10U), std::pair("MiB", 20U)}) {
        if (unit != name) continue;
        if (*count > std::numeric_limits<std::size_t>::max() >> shift) break;
        return *count << shift;
    }
    return error(failure::invalid, fmt::format("{} unit not recognized. Allowed values: {{KiB,MiB}}", unit));
}

template <class T>
T default_of(place<T> where)
{
    configuration fresh;
    return where(fresh);
}

}  // namespace

result<std::size_t> place_of_word(const std::string& word, const texts& words)
{
    const auto found = std::find(words.begin(), words.end(), word);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    return error(failure::invalid, fmt::format("{} not in {{{}}}", word, joined(words, ",")));
}

setting_definition text(std::string key, place<std::string> where, std::string about)
{
    return setting_of(std::move(key), where, "TEXT", default_of(where), std::move(about),
                      [](const texts& given) -> result<std::string> { return given.front(); });
}

setting_definition choice(std::string key, place<std::string> where, texts words, std::string about)
{
    return mapped<std::string>(std::move(key), where, words, words, default_of(where), std::move(about));
}

setting_definition list(std::string key, place<texts> where, std::string about)
{
    return setting_of(
        std::move(key), where, "TEXT", list_text(default_of(where)), std::move(about),
        [](const texts& given) -> result<texts> { return split_list(given); }, setting_definition::shape::list);
}

setting_definition choices(std::string key, place<texts> where, texts words, std::string about)
{
    std::string form = fmt::format("TEXT:{{{}}}", joined(words, ","));
    return setting_of(
        std::move(key), where, std::move(form), list_text(default_of(where)), std::move(about),
        [words](const texts& given) -> result<texts> {
            auto parts = split_list(given);
            for (const std::string& one : parts) {
                if (const auto known = place_of_word(one, words); !known) return known.error();
            }
            return parts;
        },
        setting_definition::shape::list);
}

setting_definition user_ids(std::string key, place<std::vector<uid_t>> where, std::string about)
{
    return setting_of(
        std::move(key), where, "UINT", {}, std::move(about),
        [](const texts& given) -> result<std::vector<uid_t>> {
            std::vector<uid_t> ids;
            for (const std::string& one : split_list(given)) {
                const auto id = whole_number<uid_t>(one);
                if (!id) {
                    return error(failure::invalid, fmt::format("{} is not a uid", one));
                }
                ids.push_back(*id);
            }
            return ids;
        },
        setting_definition::shape::list);
}

setting_definition flag(std::string key, place<bool> where, std::string about)
{
    // Each yes with its no behind it.
    static const texts words{"true", "false", "on", "off", "yes", "no", "1", "0"};
    return setting_of(
        std::move(key), where, "", "", std::move(about),
        [](const texts& given) {
            auto said = place_of_word(given.back(), words);
            if (said) *said = *said % 2 == 0 ? 1 : 0;
            return said;
        },
        setting_definition::shape::flag);
}

setting_definition duration(std::string key, place<std::chrono::milliseconds> where, std::string about)
{
    return setting_of(std::move(key), where, "DURATION", duration_text(default_of(where)), std::move(about),
                      [](const texts& given) { return parse_duration(given.front()); });
}

setting_definition number(std::string key, place<std::size_t> where, std::size_t least, std::size_t most,
                          std::string about)
{
    return setting_of(std::move(key), where, fmt::format("UINT:UINT in [{} - {}]", least, most),
                      fmt::format("{}", default_of(where)), std::move(about), [=](const texts& given) {
                          return in_range(given.front(), whole_number<std::size_t>(given.front()), least, most);
                      });
}

setting_definition bytes(std::string key, place<std::size_t> where, std::string about, std::size_t least,
                         std::size_t most)
{
    std::string form = "UINT:UINT [BYTES[KiB|MiB]]";
    if (least > 0) form += fmt::format(":UINT in [{} - {}]", least, most);
    return setting_of(std::move(key), where, std::move(form), bytes_text(default_of(where)), std::move(about),
                      [=](const texts& given) -> result<std::size_t> {
                          const auto value = parse_bytes(given.front());
                          return value ? in_range(fmt::format("{}", *value), *value, least, most) : value;
                      });
}

}  // namespace nodescope
