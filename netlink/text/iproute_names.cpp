#include "netlink/text/iproute_names.hpp"

#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/text_scan.hpp"

#include <fcntl.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <charconv>

namespace nodescope::netlink {
namespace {

constexpr std::size_t file_limit = 256UL * 1024UL;
constexpr std::string_view blank = " \t";
constexpr std::string_view white_space = " \t\n\v\f\r";

// Empty for a file that is missing, not regular, or too long.
std::string contents_of(const files::place& where)
{
    auto file = files::read_file(where, file_limit);
    return file && !file->truncated ? std::move(file->text) : std::string();
}

// What scanf's "%d %s" (or "%x %s") takes from a line.
bool add_pair(name_map& names, std::string_view line, int base)
{
    line.remove_prefix(std::min(line.find_first_not_of(white_space), line.size()));
    if (line.starts_with('+')) line.remove_prefix(1);
    std::int64_t number = 0;
    const auto [rest, failed] = std::from_chars(line.begin(), line.end(), number, base);
    if (failed != std::errc{}) return false;
    std::string_view name(rest, static_cast<std::size_t>(line.end() - rest));
    name.remove_prefix(std::min(name.find_first_not_of(white_space), name.size()));
    name = name.substr(0, name.find_first_of(white_space));
    if (name.empty()) return false;
    // A hexadecimal number with the top bit set is negative, and skipped like other negative ones.
    if (const int id = static_cast<int>(number); id >= 0) names[id] = name;
    return true;
}

// iproute2 tries the hexadecimal form first; what fails there may still be decimal ("0x7" alone is 0, called "x7").
bool add_line(name_map& names, std::string_view line)
{
    if (line.starts_with("0x") && add_pair(names, line.substr(2), 16)) return true;
    return add_pair(names, line, 10);
}

name_map read_file(const std::string& root, std::string_view path, name_map names)
{
    add_iproute_names(names, contents_of(files::place(root, path)));
    return names;
}

name_map read_reasons(const std::string& root)
{
    name_map names;
    const files::place where(root, "/etc/iproute2/protodown_reasons.d");
    files::directory entries(files::open(where, O_RDONLY | O_DIRECTORY));
    if (!entries) return names;
    while (const dirent* const entry = entries.next()) {
        const std::string_view name = entry->d_name;
        if (name.starts_with('.') || name.size() <= 5 || !name.ends_with(".conf")) continue;
        add_iproute_names(names, contents_of(where / name));
    }
    return names;
}

std::string name_or_number(const name_map& names, int number)
{
    const auto found = names.find(number);
    return found != names.end() ? found->second : std::to_string(number);
}

}  // namespace

void add_iproute_names(name_map& names, std::string_view file)
{
    for_each_line(file, [&names](std::string_view line) {
        line = line.substr(0, line.find('\0'));
        line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
        return line.empty() || line.front() == '#' || add_line(names, line);
    });
}

std::string iproute_names::group(std::uint32_t number)
{
    if (!groups_) groups_ = read_file(root_, "/etc/iproute2/group", {{0, "default"}});
    return name_or_number(*groups_, static_cast<int>(number));
}

std::string iproute_names::scope(std::uint8_t number)
{
    static const name_map built_in{{RT_SCOPE_UNIVERSE, "global"},
                                   {RT_SCOPE_SITE, "site"},
                                   {RT_SCOPE_LINK, "link"},
                                   {RT_SCOPE_HOST, "host"},
                                   {RT_SCOPE_NOWHERE, "nowhere"}};
    if (!scopes_) {
        if (const auto found = built_in.find(number); found != built_in.end()) return found->second;
        scopes_ = read_file(root_, "/etc/iproute2/rt_scopes", built_in);
    }
    return name_or_number(*scopes_, number);
}

std::string iproute_names::protocol_down_reason(unsigned number)
{
    if (!reasons_) reasons_ = read_reasons(root_);
    return name_or_number(*reasons_, static_cast<int>(number));
}

}  // namespace nodescope::netlink
