// What is said beside a list that the kernel gave, where it is not all of it.
#pragma once

#include "core/text.hpp"
#include "netlink/model/reading.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace nodescope {

/// Of which `count` items are shown; empty where nothing is missing.
inline std::string note_of(const netlink::completeness& read, std::size_t count, std::string_view noun)
{
    std::string note;
    if (read.truncated) append_clause(note, fmt::format("cut after {} {}: there are more", count, noun), ", ");
    if (!read.consistent) append_clause(note, "changed while it was read", ", ");
    if (read.damaged != 0) append_clause(note, fmt::format("{} damaged messages skipped", read.damaged), ", ");
    return note;
}

}  // namespace nodescope
