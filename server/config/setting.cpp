#include "server/config/setting.hpp"

#include "core/deadline.hpp"

#include <algorithm>
#include <charconv>
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
    return values.empty() ? std::string() : fmt::format("[{}]", fmt::join(values, ","));
}

/// 8192 → "8KiB"
std::string bytes_text(std::size_t value)
{
    if (value % (1U << 20U) == 0) return fmt::format("{}MiB", value >> 20U);
    return value % (1U << 10U) == 0 ? fmt::format("{}KiB", value >> 10U) : fmt::format("{}", value);
}

std::optional<std::size_t> whole_number(std::string_view text)
{
    std::size_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

result<void> check_range(std::string_view shown, std::optional<std::size_t> value, std::size_t least, std::size_t most)
{
    if (value && *value >= least && *value <= most) return {};
    return error(failure::invalid, fmt::format("Value {} not in range {} to {}", shown, least, most));
}

/// "8KiB" → 8192
result<std::size_t> parse_bytes(std::string_view text)
{
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view unit = text.substr(digits);
    const auto count = whole_number(text.substr(0, digits));
    if (!count) return error(failure::invalid, fmt::format("{} is not a number of bytes", text));
    if (unit.empty()) return *count;
    for (const auto& [name, shift] : {std::pair("KiB", 10U), std::pair("MiB", 20U)}) {
        if (unit != name) continue;
        if (*count > std::numeric_limits<std::size_t>::max() >> shift) break;
        return *count << shift;
    }
    return error(failure::invalid, fmt::format("{} unit not recognized. Allowed values: {{KiB,MiB}}", unit));
}

std::optional<bool> truth(const std::string& word)
{
    for (const char* const yes : {"true", "on", "yes", "1"}) {
        if (word == yes) return true;
    }
    for (const char* const no : {"false", "off", "no", "0"}) {
        if (word == no) return false;
    }
    return std::nullopt;
}

template <class T>
T default_of(place<T> where)
{
    configuration fresh;
    return where(fresh);
}

}  // namespace

result<void> check_word(const std::string& given, const std::vector<std::string>& words)
{
    if (std::find(words.begin(), words.end(), given) != words.end()) return {};
    return error(failure::invalid, fmt::format("{} not in {{{}}}", given, fmt::join(words, ",")));
}

setting_definition text(std::string key, place<std::string> where, std::string about)
{
    auto made = setting_of(std::move(key), where, "TEXT", std::move(about));
    made.default_text = default_of(where);
    made.assign = [where](configuration& to, const texts& given) -> result<void> {
        where(to) = given.front();
        return {};
    };
    return made;
}

setting_definition choice(std::string key, place<std::string> where, texts words, std::string about)
{
    auto made = text(std::move(key), where, std::move(about));
    made.form = fmt::format("TEXT:{{{}}}", fmt::join(words, ","));
    made.assign = [where, words](configuration& to, const texts& given) {
        where(to) = given.front();
        return check_word(given.front(), words);
    };
    return made;
}

setting_definition list(std::string key, place<texts> where, std::string about)
{
    auto made = setting_of(std::move(key), where, "TEXT", std::move(about));
    made.kind = setting_definition::shape::list;
    made.default_text = list_text(default_of(where));
    made.assign = [where](configuration& to, const texts& given) -> result<void> {
        where(to) = split_list(given);
        return {};
    };
    return made;
}

setting_definition choices(std::string key, place<texts> where, texts words, std::string about)
{
    auto made = list(std::move(key), where, std::move(about));
    made.form = fmt::format("TEXT:{{{}}}", fmt::join(words, ","));
    made.assign = [where, words](configuration& to, const texts& given) -> result<void> {
        where(to) = split_list(given);
        for (const std::string& one : where(to)) {
            if (const auto known = check_word(one, words); !known) return known;
        }
        return {};
    };
    return made;
}

setting_definition user_ids(std::string key, place<std::vector<uid_t>> where, std::string about)
{
    auto made = setting_of(std::move(key), where, "UINT", std::move(about));
    made.kind = setting_definition::shape::list;
    made.assign = [where](configuration& to, const texts& given) -> result<void> {
        where(to).clear();
        for (const std::string& one : split_list(given)) {
            const auto value = whole_number(one);
            if (!value || *value > std::numeric_limits<uid_t>::max()) {
                return error(failure::invalid, fmt::format("{} is not a uid", one));
            }
            where(to).push_back(static_cast<uid_t>(*value));
        }
        return {};
    };
    return made;
}

setting_definition flag(std::string key, place<bool> where, std::string about)
{
    auto made = setting_of(std::move(key), where, "", std::move(about));
    made.kind = setting_definition::shape::flag;
    made.assign = [where](configuration& to, const texts& given) -> result<void> {
        const auto said = truth(given.back());
        if (!said) return error(failure::invalid, fmt::format("{} is neither true nor false", given.back()));
        where(to) = *said;
        return {};
    };
    return made;
}

setting_definition duration(std::string key, place<std::chrono::milliseconds> where, std::string about)
{
    auto made = setting_of(std::move(key), where, "DURATION", std::move(about));
    made.default_text = duration_text(default_of(where));
    made.assign = [where](configuration& to, const texts& given) -> result<void> {
        const auto parsed = parse_duration(given.front());
        if (!parsed) return parsed.error();
        where(to) = *parsed;
        return {};
    };
    return made;
}

setting_definition number(std::string key, place<std::size_t> where, std::size_t least, std::size_t most,
                          std::string about)
{
    auto made = setting_of(std::move(key), where, fmt::format("UINT:UINT in [{} - {}]", least, most), std::move(about));
    made.default_text = fmt::format("{}", default_of(where));
    made.assign = [=](configuration& to, const texts& given) {
        const auto value = whole_number(given.front());
        where(to) = value.value_or(0);
        return check_range(given.front(), value, least, most);
    };
    return made;
}

setting_definition bytes(std::string key, place<std::size_t> where, std::string about, std::size_t least,
                         std::size_t most)
{
    auto made = setting_of(std::move(key), where, "UINT:UINT [BYTES[KiB|MiB]]", std::move(about));
    if (least > 0) made.form += fmt::format(":UINT in [{} - {}]", least, most);
    made.default_text = bytes_text(default_of(where));
    made.assign = [=](configuration& to, const texts& given) -> result<void> {
        const auto value = parse_bytes(given.front());
        if (!value) return value.error();
        where(to) = *value;
        return check_range(fmt::format("{}", *value), *value, least, most);
    };
    return made;
}

}  // namespace nodescope
