#include "netlink/text/iproute_names.hpp"

#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <charconv>

namespace nodescope::netlink {
namespace {

constexpr std::string_view blank = " \t";
constexpr std::string_view white_space = " \t\n\v\f\r";

// Empty for a file that is missing, not regular, or too long.
std::string contents_of(const files::place& where)
{
    auto file = files::read_file(where, iproute_file_limit);
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

/// Adds the files of a folder whose names end in ".conf".
name_map read_folder(const std::string& root, std::string_view path, name_map names)
{
    const files::place where(root, path);
    files::directory entries(files::open(where, O_RDONLY | O_DIRECTORY));
    if (!entries) return names;
    while (const dirent* const entry = entries.next()) {
        const std::string_view name = entry->d_name;
        if (name.starts_with('.') || name.size() <= 5 || !name.ends_with(".conf")) continue;
        add_iproute_names(names, contents_of(where / name));
    }
    return names;
}

// What iproute2 calls routing protocols without any file.
const name_map& known_protocols()
{
    static const name_map names{
        {RTPROT_UNSPEC, "unspec"}, {RTPROT_REDIRECT, "redirect"},
        {RTPROT_KERNEL, "kernel"}, {RTPROT_BOOT, "boot"},
        {RTPROT_STATIC, "static"}, {RTPROT_GATED, "gated"},
        {RTPROT_RA, "ra"},         {RTPROT_MRT, "mrt"},
        {RTPROT_ZEBRA, "zebra"},   {RTPROT_BIRD, "bird"},
        {RTPROT_BABEL, "babel"},   {RTPROT_DNROUTED, "dnrouted"},
        {RTPROT_XORP, "xorp"},     {RTPROT_NTK, "ntk"},
        {RTPROT_DHCP, "dhcp"},     {RTPROT_KEEPALIVED, "keepalived"},
        {RTPROT_BGP, "bgp"},       {RTPROT_ISIS, "isis"},
        {RTPROT_OSPF, "ospf"},     {RTPROT_RIP, "rip"},
        {RTPROT_EIGRP, "eigrp"},
    };
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

name_map device_groups_of(std::string_view file)
{
    name_map names{{0, "default"}};
    add_iproute_names(names, file);
    return names;
}

void add_protocol_names(name_map& names, std::string_view file)
{
    for_each_line(file, [&names](std::string_view line) {
        line = line.substr(0, line.find('#'));
        fields words(line);
        const std::string_view name = words.next();
        const auto number = whole_number<std::uint8_t>(words.next());
        if (!name.empty() && number) names.emplace(*number, name);
        return true;
    });
}

std::string iproute_names::group(std::uint32_t number)
{
    if (!groups_) {
        const std::string text = contents_of(files::place(root_, device_groups_file));
        groups_ = std::make_shared<const name_map>(device_groups_of(text));
    }
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

std::string iproute_names::table(std::uint32_t number)
{
    if (!tables_) {
        tables_ = read_file(root_, "/etc/iproute2/rt_tables",
                            {{RT_TABLE_DEFAULT, "default"}, {RT_TABLE_MAIN, "main"}, {RT_TABLE_LOCAL, "local"}});
        tables_ = read_folder(root_, "/etc/iproute2/rt_tables.d", std::move(*tables_));
    }
    const auto found = tables_->find(static_cast<int>(number));
    return found != tables_->end() ? found->second : std::to_string(number);
}

std::string iproute_names::route_protocol(std::uint8_t number)
{
    if (!protocols_) {
        const name_map& known = known_protocols();
        if (const auto found = known.find(number); found != known.end()) return found->second;
        protocols_ = read_file(root_, "/etc/iproute2/rt_protos", known);
        protocols_ = read_folder(root_, "/etc/iproute2/rt_protos.d", std::move(*protocols_));
    }
    return name_or_number(*protocols_, number);
}

std::string iproute_names::realm(std::uint32_t number)
{
    // iproute2's table has 256 places.
    if (number >= 256) return std::to_string(static_cast<int>(number));
    if (number == 0 && !realms_) return "unknown";
    if (!realms_) realms_ = read_file(root_, "/etc/iproute2/rt_realms", {{0, "unknown"}});
    return name_or_number(*realms_, static_cast<int>(number));
}

std::string iproute_names::traffic_class(std::uint8_t number)
{
    if (!traffic_classes_) traffic_classes_ = read_file(root_, "/etc/iproute2/rt_dsfield", {});
    const auto found = traffic_classes_->find(number);
    return found != traffic_classes_->end() ? found->second : fmt::format("0x{:02x}", number);
}

std::string iproute_names::ip_protocol(std::uint8_t number)
{
    if (!ip_protocols_) add_protocol_names(ip_protocols_.emplace(), contents_of(files::place(root_, "/etc/protocols")));
    const auto found = ip_protocols_->find(number);
    return found != ip_protocols_->end() ? found->second : fmt::format("ipproto-{}", number);
}

std::string iproute_names::protocol_down_reason(unsigned number)
{
    if (!reasons_) reasons_ = read_folder(root_, "/etc/iproute2/protodown_reasons.d", {});
    return name_or_number(*reasons_, static_cast<int>(number));
}

}  // namespace nodescope::netlink
