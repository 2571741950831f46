#include "core/append_formatted.hpp"

#include <fmt/format.h>

#include <iterator>

namespace nodescope {

void append_formatted_arguments(std::string& to, fmt::string_view format, fmt::format_args arguments)
{
    fmt::vformat_to(std::back_inserter(to), format, arguments);
}

}  // namespace nodescope
