// Where a command prints: how wide it is, whether colours may be used, and how wide a text is on it.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace nodescope::cli {

enum class colour { none, bold, dim, red, yellow, green, blue };

struct screen {
    bool terminal = false;
    bool colours = false;
    std::size_t width = 0;  ///< columns; 0: as wide as the text

    /// Of a stream: a terminal's own width, and colours unless NO_COLOR is set (no-color.org) or TERM is "dumb" or
    /// missing. What is no terminal has no colours, and the width that COLUMNS says.
    static screen of(std::FILE* stream);
    /// `text` in that colour, if there are colours.
    [[nodiscard]] std::string paint(colour how, std::string_view text) const;
};

/// How many columns a text takes on a terminal: wide characters two, combining ones none (Unicode as the C library has
/// it), and of what paint() adds none. Bytes that are no UTF-8 count as one each.
std::size_t columns_of(std::string_view text);

/// As much of the text as fits into `width` columns, with an ellipsis as its last one where it is cut. It may be
/// painted.
std::string fitted(std::string_view text, std::size_t width);

/// Untrusted text for one cell: control characters and what turns the direction of writing are escaped, line ends too.
std::string shown(std::string_view text);

/// `text` broken at blanks into lines of at most `width` columns, each after the first behind `indent` blanks, and the
/// first behind as much; a word that is longer than a line is broken anywhere. A width of 0 breaks nothing.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

}  // namespace nodescope::cli
