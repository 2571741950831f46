#include "server/config/config_file.hpp"

#include "core/ascii.hpp"
#include "core/files/bounded_file.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace nodescope {

namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20U;

bool is_bare(char c) noexcept { return is_alphanumeric(c) || c == '-' || c == '_'; }

/// Goes over the text once. After a step that found something wrong, problem() says what.
class reader {
public:
    reader(std::string_view name, std::string_view text) : name_(name), text_(text) {}

    result<std::vector<file_setting>> read()
    {
        std::vector<file_setting> settings;
        for (skip_lines(); !at_end(); skip_lines()) {
            file_setting next;
            next.line = line_;
            if (!read_setting(next)) return problem();
            const auto earlier = std::find_if(settings.begin(), settings.end(),
                                              [&](const file_setting& one) { return one.key == next.key; });
            if (earlier != settings.end()) {
                line_ = next.line;
                complain(fmt::format("\"{}\" stands in line {} already", next.key, earlier->line));
                return problem();
            }
            settings.push_back(std::move(next));
        }
        return settings;
    }

private:
    [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }
    [[nodiscard]] char peek() const noexcept { return at_end() ? '\n' : text_[at_]; }
    bool complain(std::string what)
    {
        if (what_.empty()) what_ = std::move(what);
        return false;
    }
    [[nodiscard]] error problem() const
    {
        return error(failure::malformed, fmt::format("{}:{}: {}", name_, line_, what_));
    }

    void skip_blanks()
    {
        while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
        if (!at_end() && text_[at_] == '#') at_ = std::min(text_.find('\n', at_), text_.size());
    }

    void skip_lines()
    {
        for (skip_blanks(); !at_end() && text_[at_] == '\n'; skip_blanks()) {
            ++at_;
            ++line_;
        }
    }

    bool read_setting(file_setting& out)
    {
        if (peek() == '[') return complain("tables ([…]) are not used here: every key stands by itself");
        const std::size_t begin = at_;
        while (!at_end() && is_bare(text_[at_])) ++at_;
        out.key = text_.substr(begin, at_ - begin);
        skip_blanks();
        if (out.key.empty() || peek() != '=') return complain("this is not `key = value`");
        ++at_;
        skip_blanks();
        if (!(peek() == '[' ? read_array(out.values) : read_value(out.values))) return false;
        skip_blanks();
        return peek() == '\n' || complain(fmt::format("there is something behind the value of \"{}\"", out.key));
    }

    bool read_array(std::vector<std::string>& values)
    {
        ++at_;
        for (;;) {
            skip_lines();
            if (at_end()) return complain("the array has no end");
            if (peek() == ']') break;
            if (!read_value(values)) return false;
            skip_lines();
            if (peek() == ',') ++at_;
            else if (at_end() || peek() != ']') return complain("there is neither , nor ] behind a value of the array");
        }
        ++at_;
        return true;
    }

    bool read_value(std::vector<std::string>& values)
    {
        const char first = peek();
        if (first == '"' || first == '\'') return read_string(values, first);
        const std::size_t begin = at_;
        while (!at_end() && (is_bare(text_[at_]) || text_[at_] == '+' || text_[at_] == '.')) ++at_;
        std::string word(text_.substr(begin, at_ - begin));
        if (word == "true" || word == "false") {
            values.push_back(std::move(word));
            return true;
        }
        std::erase(word, '_');
        const bool number = !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
        if (!number) return complain("a value is a \"string\", a whole number, true or false, or an [array] of those");
        values.push_back(std::move(word));
        return true;
    }

    bool read_string(std::vector<std::string>& values, char quote)
    {
        std::string out;
        for (++at_; !at_end() && text_[at_] != '\n'; ++at_) {
            const char c = text_[at_];
            if (c == quote) {
                ++at_;
                values.push_back(std::move(out));
                return true;
            }
            if (c == '\0') return complain("the string holds a NUL");
            if (c != '\\' || quote == '\'') {
                out += c;
                continue;
            }
            const auto meant = unescape();
            if (!meant)
                return complain("only \\\", \\\\, \\t and \\n are known behind a backslash; a 'string' has none");
            out += *meant;
        }
        return complain("the string has no end in its line");
    }

    /// What the backslash at this place and the letter behind it stand for; goes on to the letter.
    std::optional<char> unescape()
    {
        constexpr std::array<std::pair<char, char>, 4> escapes{{{'"', '"'}, {'\\', '\\'}, {'t', '\t'}, {'n', '\n'}}};
        if (at_ + 1 == text_.size()) return std::nullopt;
        ++at_;
        for (const auto& [letter, meant] : escapes) {
            if (text_[at_] == letter) return meant;
        }
        return std::nullopt;
    }

    std::string_view name_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::string what_;
};

}  // namespace

result<std::vector<file_setting>> parse_config_text(std::string_view name, std::string_view text)
{
    return reader(name, text).read();
}

result<std::vector<file_setting>> read_config_file(const std::string& path)
{
    const std::string shown = fmt::format("the configuration file {}", path);
    const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) return from_errno(errno, fmt::format("read {}", shown));
    // Who can write it decides who may ask. Everybody may write /dev/null, and changes nothing by it.
    if (!S_ISCHR(status.st_mode)) {
        if (const auto ours = files::check_only_ours(status, path); !ours) return ours.error();
    }
    const auto read = files::read_whole(file.get(), largest_file, shown);
    if (!read) return read.error();
    if (read->truncated) return error(failure::too_large, fmt::format("read {}: over 1 MiB", shown));
    return parse_config_text(path, read->text);
}

}  // namespace nodescope
