#include "netlink/read/kernel_modules.hpp"

#include "core/files/bounded_file.hpp"
#include "netlink/decode/proc_files.hpp"

#include <fmt/format.h>

#include <sys/utsname.h>

#include <cstddef>
#include <optional>

namespace nodescope::netlink {

namespace {

/// Some hundred modules of 60 bytes; some hundred paths.
constexpr std::size_t module_list_limit = 256UL * 1024UL;

std::optional<std::string> whole_list(const files::place& where)
{
    auto text = files::read_file(where, module_list_limit);
    if (!text || text->truncated) return std::nullopt;
    return std::move(text->text);
}

}  // namespace

bool blocking_would_load(const std::string& root, std::string_view base, std::string_view wanted)
{
    const auto modules = whole_list({root, "/proc/modules"});
    utsname kernel{};
    if (!modules || ::uname(&kernel) != 0) return false;
    const char* const release = &kernel.release[0];
    const auto builtin = whole_list({root, fmt::format("/lib/modules/{}/modules.builtin", release)});
    if (builtin) return is_module_to_load(*modules, *builtin, wanted);
    return lacks_module(*modules, base, wanted);
}

}  // namespace nodescope::netlink
