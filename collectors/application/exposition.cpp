#include "collectors/application/exposition.hpp"

#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace nodescope::applications {

namespace {

constexpr std::size_t label_limit = 64;

bool is_name_character(char c, bool first) noexcept
{
    return c == '_' || c == ':' || (first ? is_alphanumeric(c) && !(c >= '0' && c <= '9') : is_alphanumeric(c));
}

/// One line, read from its beginning.
class line_scanner {
public:
    explicit line_scanner(std::string_view line) : rest_(line) {}

    void skip_blanks()
    {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }
    bool take(char c)
    {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Empty where there is none.
    std::string_view name()
    {
        std::size_t size = 0;
        while (size < rest_.size() && is_name_character(rest_[size], size == 0)) ++size;
        return cut(size);
    }
    /// Up to a blank.
    std::string_view word() { return cut(std::min(rest_.find_first_of(" \t"), rest_.size())); }
    /// What stands between quotes.
    std::optional<std::string> quoted()
    {
        if (!take('"')) return std::nullopt;
        std::string text;
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') return text;
            if (c != '\\') {
                text += c;
                continue;
            }
            if (rest_.empty()) return std::nullopt;
            const char escaped = rest_.front();
            rest_.remove_prefix(1);
            if (escaped == 'n') text += '\n';
            else if (escaped == '"' || escaped == '\\') text += escaped;
            else text += {'\\', escaped};
        }
        return std::nullopt;
    }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

private:
    std::string_view cut(std::size_t size)
    {
        const std::string_view part = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return part;
    }
    std::string_view rest_;
};

std::optional<double> parse_value(std::string_view word)
{
    if (word.starts_with('+')) word.remove_prefix(1);
    double value = 0;
    const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || code == std::errc::invalid_argument || end != word.data() + word.size()) return std::nullopt;
    return code == std::errc::result_out_of_range ? INFINITY : value;
}

bool read_labels(line_scanner& line, std::map<std::string, std::string>& labels)
{
    if (!line.take('{')) return true;
    for (;;) {
        line.skip_blanks();
        if (line.take('}')) return true;
        const std::string name(line.name());
        line.skip_blanks();
        if (name.empty() || labels.size() == label_limit || !line.take('=')) return false;
        line.skip_blanks();
        auto value = line.quoted();
        if (!value) return false;
        labels.insert_or_assign(name, std::move(*value));
        line.skip_blanks();
        if (line.take('}')) return true;
        if (!line.take(',')) return false;
    }
}

/// None: the line is none of the format.
std::optional<metric_value> read_sample(std::string_view text, time_point now)
{
    line_scanner line(text);
    metric_value sample;
    sample.is_prometheus = true;
    sample.name = line.name();
    line.skip_blanks();
    if (sample.name.empty() || !read_labels(line, sample.labels)) return std::nullopt;
    line.skip_blanks();
    const auto value = parse_value(line.word());
    line.skip_blanks();
    if (!value) return std::nullopt;
    sample.real = *value;
    sample.when = now;
    if (line.at_end()) return sample;
    const auto milliseconds = whole_number<std::int64_t>(line.word());
    line.skip_blanks();
    // Beyond these the clock's nanoseconds do not reach.
    constexpr std::int64_t latest = INT64_MAX / 1'000'000;
    if (!milliseconds || !line.at_end() || *milliseconds > latest || *milliseconds < -latest) return std::nullopt;
    sample.when = time_point(std::chrono::milliseconds(*milliseconds));
    return sample;
}

/// "# TYPE name type": cAdvisor's word for that type.
void note_type(std::string_view comment, std::map<std::string, std::string, std::less<>>& types)
{
    fields words(comment.substr(1));
    if (words.next() != "TYPE") return;
    const std::string_view name = words.next();
    const std::string_view type = words.next();
    if (name.empty() || types.size() > 2 * metric_limit) return;
    std::string_view word = "UNTYPED";
    if (type == "counter") word = "cumulative";
    else if (type == "gauge") word = "gauge";
    else if (type == "histogram") word = "HISTOGRAM";
    else if (type == "summary") word = "SUMMARY";
    types.insert_or_assign(std::string(name), std::string(word));
}

}  // namespace

result<figures> parse_exposition(std::string_view text, const std::vector<std::string>& wanted, time_point now)
{
    figures found;
    std::map<std::string, std::string, std::less<>> types;
    std::set<std::string, std::less<>> names;
    std::size_t number = 0;
    result<void> read;
    for_each_line(text, [&](std::string_view line) {
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.find_first_not_of(" \t") == std::string_view::npos) return true;
        line.remove_prefix(line.find_first_not_of(" \t"));
        if (line.front() == '#') {
            note_type(line, types);
            return true;
        }
        auto sample = read_sample(line, now);
        if (!sample) {
            read = error(failure::malformed, fmt::format("line {} is not in Prometheus' text format", number));
            return false;
        }
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), sample->name) == wanted.end()) return true;
        if (!std::isfinite(sample->real)) return true;
        names.insert(sample->name);
        if (names.size() > metric_limit || found.values.size() == value_limit) {
            read = error(failure::too_large,
                         fmt::format("more than {} figures, or {} values of them", metric_limit, value_limit));
            return false;
        }
        found.values.push_back(std::move(*sample));
        return true;
    });
    if (!read) return read.error();
    for (const std::string& name : names) {
        const auto type = types.find(name);
        found.specs.push_back({name, type == types.end() ? "UNTYPED" : type->second, "float", {}});
    }
    return found;
}

}  // namespace nodescope::applications
