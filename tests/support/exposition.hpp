// A strict reader of Prometheus' text format 0.0.4, for tests alone.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::testing {

struct exposed_series {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
    std::optional<std::int64_t> timestamp_ms;
};

struct exposed_family {
    std::string help;
    std::string type;
    std::vector<exposed_series> series;
};

class exposition {
public:
    /// Throws std::runtime_error at the first thing that is not as it must be: a line of another form, a series without
    /// its family's head or after another family began, a family twice, a series twice, bad escapes, no end of line.
    explicit exposition(std::string_view text) : text_(text)
    {
        while (at_ < text_.size()) read_line();
    }
    std::map<std::string, exposed_family> families;

private:
    [[noreturn]] void fail(const std::string& why) const
    {
        throw std::runtime_error(why + " at byte " + std::to_string(at_) + ": " + std::string(text_.substr(at_, 80)));
    }
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void expect(std::string_view what)
    {
        if (text_.substr(at_, what.size()) != what) fail("expected " + std::string(what));
        at_ += what.size();
    }
    std::string until(char end)
    {
        const std::size_t found = text_.find_first_of(std::string{end, '\n'}, at_);
        if (found == std::string_view::npos || text_[found] != end) fail(std::string("no ") + end);
        std::string out(text_.substr(at_, found - at_));
        at_ = found + 1;
        return out;
    }
    std::string name(bool colon)
    {
        const std::size_t begin = at_;
        const auto is_letter = [&](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
        };
        while (is_letter(peek()) || (at_ > begin && peek() >= '0' && peek() <= '9')) ++at_;
        if (at_ == begin) fail("expected a name");
        return std::string(text_.substr(begin, at_ - begin));
    }
    std::string quoted()
    {
        expect("\"");
        std::string out;
        while (peek() != '"') {
            if (peek() == '\n' || peek() == '\0') fail("a label's value does not end");
            if (peek() == '\\') {
                ++at_;
                const char c = peek();
                if (c != '\\' && c != '"' && c != 'n') fail("unknown escape");
                out += c == 'n' ? '\n' : c;
            } else {
                out += peek();
            }
            ++at_;
        }
        ++at_;
        return out;
    }
    template <class Number>
    Number number()
    {
        const std::size_t end = text_.find_first_of(" \n", at_);
        if (end == std::string_view::npos) fail("the last line does not end");
        Number out{};
        const auto [stopped, failed] = std::from_chars(text_.data() + at_, text_.data() + end, out);
        if (failed != std::errc{} || stopped != text_.data() + end) {
            if (text_.substr(at_, end - at_) != "+Inf") fail("expected a number");
        }
        at_ = end;
        return out;
    }
    void read_line()
    {
        if (peek() == '#') read_head();
        else read_series();
    }
    void read_head()
    {
        expect("# HELP ");
        current_ = name(true);
        expect(" ");
        const std::string help = until('\n');
        expect("# TYPE ");
        expect(current_);
        expect(" ");
        const std::string type = until('\n');
        if (type != "counter" && type != "gauge" && type != "histogram") fail("unknown type " + type);
        if (!families.emplace(current_, exposed_family{help, type, {}}).second) fail("a family twice");
        seen_.clear();
    }
    void read_series()
    {
        exposed_series one;
        const std::size_t begin = at_;
        one.name = name(true);
        if (current_.empty() || !one.name.starts_with(current_)) fail("a series outside its family");
        exposed_family& family = families[current_];
        const std::string suffix = one.name.substr(current_.size());
        const bool of_histogram = suffix == "_bucket" || suffix == "_sum" || suffix == "_count";
        if (family.type == "histogram" ? !of_histogram : !suffix.empty()) fail("a series outside its family");
        if (peek() == '{') {
            ++at_;
            while (peek() != '}') {
                const std::string label = name(false);
                expect("=");
                if (!one.labels.emplace(label, quoted()).second) fail("a label twice");
                if (peek() != '}') expect(",");
            }
            ++at_;
        }
        if (!seen_.insert(std::string(text_.substr(begin, at_ - begin))).second) fail("a series twice");
        expect(" ");
        one.value = number<double>();
        if (peek() == ' ') {
            ++at_;
            one.timestamp_ms = number<std::int64_t>();
        }
        expect("\n");
        family.series.push_back(std::move(one));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string current_;
    std::set<std::string> seen_;
};

/// Of the one series with exactly these labels. Throws std::runtime_error when there is none.
inline double value(const exposition& in, const std::string& family,
                    const std::map<std::string, std::string>& labels = {})
{
    for (const exposed_series& one : in.families.at(family).series) {
        if (one.labels == labels) return one.value;
    }
    throw std::runtime_error("no such series of " + family);
}

}  // namespace nodescope::testing
