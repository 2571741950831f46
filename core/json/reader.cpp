#include "core/json/reader.hpp"

#include "core/ascii.hpp"
#include "core/byte_scan.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace nodescope {

namespace {

/// The value of the \uXXXX at `position`; nothing when there is none.
std::optional<std::uint32_t> unicode_escape(std::string_view text, std::size_t position) noexcept
{
    if (text.substr(position, 2) != "\\u" || text.size() < position + 6) return std::nullopt;
    return whole_number<std::uint32_t>(text.substr(position + 2, 4), 16);
}

constexpr bool is_high_half(std::uint32_t point) noexcept { return point >= 0xd800 && point <= 0xdbff; }
constexpr bool is_low_half(std::uint32_t point) noexcept { return point >= 0xdc00 && point <= 0xdfff; }

/// Walks over one text. Each step returns false once something is wrong and keeps the first reason.
class scanner {
public:
    explicit scanner(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] std::size_t position() const noexcept { return position_; }
    [[nodiscard]] bool at_end() const noexcept { return position_ == text_.size(); }
    [[nodiscard]] char current() const noexcept { return at_end() ? '\0' : text_[position_]; }
    [[nodiscard]] std::string_view since(std::size_t begin) const noexcept
    {
        return text_.substr(begin, position_ - begin);
    }

    void skip_space() noexcept
    {
        while (!at_end() && (current() == ' ' || current() == '\n' || current() == '\r' || current() == '\t'))
            ++position_;
    }

    bool take(char wanted) noexcept
    {
        if (at_end() || current() != wanted) return false;
        ++position_;
        return true;
    }

    bool expect(char wanted, const char* what) { return take(wanted) || wrong(what); }

    bool value(std::size_t depth);
    bool string();
    /// `element(depth)` reads one element or member; the opening bracket is the current byte.
    template <class Element>
    bool sequence(char close, std::size_t depth, const Element& element);
    template <class Visit>
    bool member(std::size_t depth, const Visit& visit);
    /// Nothing but white space may follow.
    bool end()
    {
        skip_space();
        return at_end() || refuse(fmt::format("extra data after the value at byte {}", position_));
    }

    bool wrong(const char* what)
    {
        return refuse(at_end() ? fmt::format("incomplete JSON at byte {}", position_)
                               : fmt::format("not JSON: {} at byte {}", what, position_));
    }
    bool refuse(std::string reason)
    {
        if (reason_.empty()) reason_ = std::move(reason);
        return false;
    }

    [[nodiscard]] error failed() const { return error(failure::malformed, reason_); }

private:
    bool number();
    bool digits();
    bool escape();
    bool literal(std::string_view word);

    std::string_view text_;
    std::size_t position_ = 0;
    std::string reason_;
};

template <class Element>
bool scanner::sequence(char close, std::size_t depth, const Element& element)
{
    if (depth >= json_depth_limit) return wrong("nesting too deep");
    ++position_;
    skip_space();
    if (take(close)) return true;
    for (;;) {
        if (!element(depth + 1)) return false;
        skip_space();
        if (take(close)) return true;
        if (!expect(',', "a comma or the closing bracket expected")) return false;
        skip_space();
    }
}

template <class Visit>
bool scanner::member(std::size_t depth, const Visit& visit)
{
    const std::size_t key_begin = position_;
    if (!string()) return false;
    const std::string_view key = since(key_begin);
    skip_space();
    if (!expect(':', "a colon expected")) return false;
    skip_space();
    const std::size_t value_begin = position_;
    if (!value(depth)) return false;
    visit(key, since(value_begin));
    return true;
}

bool scanner::value(std::size_t depth)
{
    switch (current()) {
        case '{':
            return sequence('}', depth, [this](std::size_t inner) {
                return member(inner, [](std::string_view, std::string_view) {});
            });
        case '[': return sequence(']', depth, [this](std::size_t inner) { return value(inner); });
        case '"': return string();
        case 't': return literal("true");
        case 'f': return literal("false");
        case 'n': return literal("null");
        default: return number();
    }
}

bool scanner::string()
{
    if (!expect('"', "a string expected")) return false;
    for (;;) {
        position_ += byte_scan::json_run(text_.substr(position_));
        if (at_end()) return wrong("inside a string");
        const char c = current();
        if (static_cast<unsigned char>(c) < 0x20) return wrong("a control character in a string");
        ++position_;
        if (c == '"') return true;
        if (c == '\\' && !escape()) return false;
    }
}

bool scanner::escape()
{
    const char c = current();
    switch (c) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't': ++position_; return true;
        default: break;
    }
    if (!expect('u', "an unknown escape")) return false;
    for (int i = 0; i < 4; ++i) {
        if (at_end() || hex_value(current()) < 0) return wrong("four hex digits expected");
        ++position_;
    }
    return true;
}

bool scanner::digits()
{
    if (!is_digit(current())) return false;
    while (is_digit(current())) ++position_;
    return true;
}

bool scanner::number()
{
    const bool negative = take('-');
    if (!is_digit(current())) return wrong(negative ? "a digit expected" : "a value expected");
    if (!take('0')) digits();
    if (take('.') && !digits()) return wrong("a digit expected");
    if ((take('e') || take('E'))) {
        if (!take('+')) take('-');
        if (!digits()) return wrong("a digit expected");
    }
    return true;
}

bool scanner::literal(std::string_view word)
{
    for (const char c : word) {
        if (!expect(c, "a value expected")) return false;
    }
    return true;
}

void append_utf8(std::string& out, std::uint32_t point)
{
    // The first byte by the number of those that follow it, which carry six bits each.
    static constexpr std::array<std::uint32_t, 4> leads{0, 0xc0, 0xe0, 0xf0};
    std::size_t rest = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    out += static_cast<char>(leads[rest] | (point >> (6 * rest)));
    while (rest-- > 0) out += static_cast<char>(0x80U | ((point >> (6 * rest)) & 0x3fU));
}

/// Decodes the \uXXXX at `position`, with the other half of its surrogate pair if there is one, and moves past it.
void append_unicode_escape(std::string& out, std::string_view text, std::size_t& position)
{
    constexpr std::uint32_t replacement_character = 0xfffd;
    const std::uint32_t first = unicode_escape(text, position).value_or(replacement_character);
    position += 6;
    if (!is_high_half(first)) return append_utf8(out, is_low_half(first) ? replacement_character : first);
    const std::uint32_t second = unicode_escape(text, position).value_or(0);
    if (!is_low_half(second)) return append_utf8(out, replacement_character);
    position += 6;
    append_utf8(out, 0x10000 + ((first - 0xd800) << 10U) + (second - 0xdc00));
}

char simple_escape(char c) noexcept
{
    switch (c) {
        case 'b': return '\b';
        case 'f': return '\f';
        case 'n': return '\n';
        case 'r': return '\r';
        case 't': return '\t';
        default: return c;
    }
}

/// `inner` is the inside of a string the scanner has accepted.
std::string unescape(std::string_view inner)
{
    std::string out;
    out.reserve(inner.size());
    for (std::size_t i = 0; i < inner.size();) {
        if (inner[i] != '\\') {
            out += inner[i++];
        } else if (inner[i + 1] == 'u') {
            append_unicode_escape(out, inner, i);
        } else {
            out += simple_escape(inner[i + 1]);
            i += 2;
        }
    }
    return out;
}

/// Without the quotes.
std::string_view inside(std::string_view string) noexcept { return string.substr(1, string.size() - 2); }

}  // namespace

result<std::string_view> json_document(std::string_view text)
{
    scanner scan(text);
    scan.skip_space();
    const std::size_t begin = scan.position();
    if (!scan.value(0)) return scan.failed();
    const std::string_view value = scan.since(begin);
    if (!scan.end()) return scan.failed();
    return value;
}

json_kind json_kind_of(std::string_view value) noexcept
{
    if (value.empty()) return json_kind::null;
    switch (value.front()) {
        case '{': return json_kind::object;
        case '[': return json_kind::array;
        case '"': return json_kind::string;
        case 't':
        case 'f': return json_kind::boolean;
        default: return value.front() == '-' || is_digit(value.front()) ? json_kind::number : json_kind::null;
    }
}

result<void> for_each_json_element(std::string_view array, const std::function<void(std::string_view)>& visit)
{
    scanner scan(array);
    scan.skip_space();
    if (scan.current() != '[') {
        scan.wrong("an array expected");
        return scan.failed();
    }
    const auto element = [&](std::size_t depth) {
        const std::size_t begin = scan.position();
        if (!scan.value(depth)) return false;
        visit(scan.since(begin));
        return true;
    };
    if (!scan.sequence(']', 0, element) || !scan.end()) return scan.failed();
    return {};
}

result<void> for_each_json_member(std::string_view object,
                                  const std::function<void(std::string_view, std::string_view)>& visit)
{
    scanner scan(object);
    scan.skip_space();
    if (scan.current() != '{') {
        scan.wrong("an object expected");
        return scan.failed();
    }
    const auto decoded = [&visit](std::string_view key, std::string_view value) {
        const std::string_view inner = inside(key);
        if (inner.find('\\') == std::string_view::npos) visit(inner, value);
        else visit(unescape(inner), value);
    };
    const auto member = [&](std::size_t depth) { return scan.member(depth, decoded); };
    if (!scan.sequence('}', 0, member) || !scan.end()) return scan.failed();
    return {};
}

result<std::string_view> json_member(std::string_view object, std::string_view key)
{
    std::string_view found;
    const auto scanned = for_each_json_member(object, [&](std::string_view name, std::string_view value) {
        if (name == key) found = value;
    });
    if (!scanned) return scanned.error();
    return found;
}

result<std::string> decode_json_string(std::string_view value)
{
    scanner scan(value);
    if (!scan.string() || !scan.end()) return scan.failed();
    return unescape(inside(value));
}

}  // namespace nodescope
