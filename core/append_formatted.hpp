// fmt::format_to for a string, compiled once: each file that calls fmt's own compiles all of the formatting, two
// seconds of g++.
#pragma once

#include <fmt/core.h>

#include <string>

namespace nodescope {

void append_formatted_arguments(std::string& to, fmt::string_view format, fmt::format_args arguments);

/// Adds fmt::format(format, arguments...) to `to`.
template <class... Arguments>
void append_formatted(std::string& to, fmt::format_string<Arguments...> format, Arguments&&... arguments)
{
    append_formatted_arguments(to, format, fmt::make_format_args(arguments...));
}

}  // namespace nodescope
