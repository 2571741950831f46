// The lines of /proc/PID/mountinfo as fields (proc(5), kernel fs/proc_namespace.c show_mountinfo). Pure.
#pragma once

#include "core/text_scan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::host {

/// What we use of a line. Views into the text; `root`, `mountpoint` and `source` as the kernel escapes them.
struct mount_line {
    mount_line() = default;
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    std::string_view root;
    std::string_view mountpoint;
    std::string_view type;
    std::string_view source;  ///< may be empty
    std::string_view super_options;
};

/// None when the line is no mount.
std::optional<mount_line> parse_mount_line(std::string_view line);

/// Undoes \040 and the like: blank, tab, newline, backslash, '#'.
std::string unescape_mount(std::string_view text);

/// Whether the comma-separated `options` have `name`.
bool has_option(std::string_view options, std::string_view name) noexcept;

/// Calls `visit` with each mount; malformed lines are skipped.
template <class Visit>
void for_each_mount(std::string_view mountinfo, Visit visit)
{
    for_each_line(mountinfo, [&](std::string_view line) {
        if (const auto mount = parse_mount_line(line)) visit(*mount);
        return true;
    });
}

}  // namespace nodescope::host
