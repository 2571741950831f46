#include "collectors/host/node/sys_file.hpp"

#include "core/ascii.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"

#include <algorithm>

namespace nodescope::host {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t meminfo_limit = 64UL * 1024UL;
constexpr std::string_view padding("\0 \t\r\n", 5);

}  // namespace

std::string_view trimmed(std::string_view text) noexcept { return nodescope::trimmed(text, padding); }

std::optional<std::string> blocking_word(const files::place& where)
{
    const auto file = files::read_file(where, page_bytes);
    if (!file) return std::nullopt;
    return std::string(trimmed(file->text));
}

std::string blocking_read_meminfo(const std::string& root)
{
    auto file = files::read_file({root, "/proc/meminfo"}, meminfo_limit);
    return file ? std::move(file->text) : std::string();
}

std::vector<std::string> blocking_names(const files::place& where)
{
    std::vector<std::string> names;
    files::directory directory(files::open(where, O_RDONLY | O_DIRECTORY));
    if (!directory) return names;
    while (const dirent* const entry = directory.next()) {
        if (names.size() == directory_limit) break;
        names.emplace_back(static_cast<const char*>(entry->d_name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<numbered_name> numbered(std::vector<std::string> names, std::string_view prefix)
{
    std::vector<numbered_name> found;
    for (std::string& name : names) {
        if (!name.starts_with(prefix)) continue;
        const auto number = whole_number<int>(std::string_view(name).substr(prefix.size()));
        if (number && *number >= 0) found.emplace_back(std::move(name), *number);
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    return found;
}

}  // namespace nodescope::host
