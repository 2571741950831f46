#include "server/cli/screen.hpp"

#include "core/text.hpp"

#include <charconv>
#include <cstdlib>
#include <cwchar>

#include <sys/ioctl.h>
#include <unistd.h>
#include <clocale>

namespace nodescope::cli {

namespace {

/// Unicode's widths whatever the environment says; C.UTF-8 is part of Debian's C library.
class unicode_widths {
public:
    unicode_widths() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}
    unicode_widths(const unicode_widths&) = delete;
    unicode_widths& operator=(const unicode_widths&) = delete;
    ~unicode_widths()
    {
        if (locale_ != nullptr) ::freelocale(locale_);
    }
    [[nodiscard]] std::size_t of(wchar_t character) const
    {
        if (locale_ == nullptr) return 1;
        const locale_t before = ::uselocale(locale_);
        const int width = ::wcwidth(character);
        ::uselocale(before);
        return width < 0 ? 1 : static_cast<std::size_t>(width);
    }

private:
    locale_t locale_;
};

wchar_t decoded(std::string_view character)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    unsigned value = 0;
    switch (character.size()) {
        case 2: value = byte(0) & 0x1fU; break;
        case 3: value = byte(0) & 0x0fU; break;
        case 4: value = byte(0) & 0x07U; break;
        default: return static_cast<wchar_t>(byte(0));
    }
    for (std::size_t i = 1; i < character.size(); ++i) value = value << 6U | (byte(i) & 0x3fU);
    return static_cast<wchar_t>(value);
}

constexpr std::string_view paint_end = "\x1b[0m";

/// Of what paint() puts around a text, if the text begins with that: what is untrusted has it no more (shown()).
std::size_t paint_length(std::string_view text)
{
    if (!text.starts_with("\x1b[")) return 0;
    const std::size_t end = text.find_first_not_of("0123456789", 2);
    return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

/// Calls `visit(character, columns)` until it gives false.
template <class Visit>
void for_each_character(std::string_view text, const Visit& visit)
{
    static const unicode_widths widths;
    while (!text.empty()) {
        if (const std::size_t painted = paint_length(text); painted != 0) {
            if (!visit(text.substr(0, painted), 0)) return;
            text.remove_prefix(painted);
            continue;
        }
        const std::size_t length = utf8_character_length(text);
        const std::string_view character = text.substr(0, length == 0 ? 1 : length);
        const bool plain = character.size() == 1;
        if (!visit(character, plain ? 1 : widths.of(decoded(character)))) return;
        text.remove_prefix(character.size());
    }
}

std::string_view code_of(colour how)
{
    switch (how) {
        case colour::none: return "";
        case colour::bold: return "1";
        case colour::dim: return "2";
        case colour::red: return "31";
        case colour::yellow: return "33";
        case colour::green: return "32";
        case colour::blue: return "34";
    }
    return "";
}

std::string_view variable(const char* name)
{
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before there is another thread
    return value == nullptr ? std::string_view() : std::string_view(value);
}

std::size_t number_in(std::string_view text)
{
    std::size_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

screen screen::of(std::FILE* stream)
{
    screen made;
    const int descriptor = ::fileno(stream);
    made.terminal = ::isatty(descriptor) == 1;
    made.width = number_in(variable("COLUMNS"));
    if (!made.terminal) return made;
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) made.width = size.ws_col;
    made.colours = variable("NO_COLOR").empty() && !variable("TERM").empty() && variable("TERM") != "dumb";
    return made;
}

std::string screen::paint(colour how, std::string_view text) const
{
    if (!colours || how == colour::none || text.empty()) return std::string(text);
    std::string out("\x1b[");
    out += code_of(how);
    out += 'm';
    out += text;
    out += paint_end;
    return out;
}

std::size_t columns_of(std::string_view text)
{
    std::size_t sum = 0;
    for_each_character(text, [&](std::string_view, std::size_t columns) {
        sum += columns;
        return true;
    });
    return sum;
}

std::string fitted(std::string_view text, std::size_t width)
{
    constexpr std::string_view ellipsis = "\u2026";
    if (columns_of(text) <= width) return std::string(text);
    if (width == 0) return {};
    std::string kept;
    std::size_t used = 1;  // the ellipsis
    bool painted = false;
    for_each_character(text, [&](std::string_view character, std::size_t columns) {
        if (used + columns > width) return false;
        painted = painted || paint_length(character) != 0;
        used += columns;
        kept += character;
        return true;
    });
    kept += ellipsis;
    if (painted) kept += paint_end;
    return kept;
}

/// The bytes of as much of the text as fits, and of one character at least.
std::size_t bytes_in(std::string_view text, std::size_t width)
{
    std::size_t bytes = 0;
    std::size_t used = 0;
    for_each_character(text, [&](std::string_view character, std::size_t columns) {
        if (bytes != 0 && used + columns > width) return false;
        used += columns;
        bytes += character.size();
        return true;
    });
    return bytes;
}

std::string shown(std::string_view text) { return escape_untrusted(text); }

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent)
{
    std::string out;
    std::size_t column = indent;
    while (!text.empty()) {
        const std::size_t end = text.find(' ');
        std::string_view word = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (word.empty()) continue;
        std::size_t columns = columns_of(word);
        const auto begin_line = [&] {
            out += '\n';
            out.append(indent, ' ');
            column = indent;
        };
        if (!out.empty() && width != 0 && column + 1 + columns > width) {
            begin_line();
        } else if (!out.empty()) {
            out += ' ';
            ++column;
        }
        while (width > indent && column + columns > width) {
            const std::size_t bytes = bytes_in(word, width - column);
            if (bytes == word.size()) break;
            out += word.substr(0, bytes);
            word.remove_prefix(bytes);
            columns = columns_of(word);
            begin_line();
        }
        out += word;
        column += columns;
    }
    return out;
}

}  // namespace nodescope::cli
