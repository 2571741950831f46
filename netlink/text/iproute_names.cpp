#include "netlink/text/iproute_names.hpp"

#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "netlink/decode/attributes.hpp"

#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

namespace nodescope::netlink {
namespace {

constexpr std::size_t file_limit = 256UL * 1024UL;
constexpr std::string_view blank = " \t";
constexpr std::string_view white_space = " \t\n\v\f\r";

files::directory open_directory(const std::string& root, std::string_view path)
{
    return files::directory(files::open(files::place(root, path), O_RDONLY | O_DIRECTORY));
}

// Empty for a file that is not there, is no regular one, or is too long.
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
    // Hexadecimal numbers may have the top bit set; they are negative then, and passed over like other negative ones.
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
    files::directory entries = open_directory(root, where.path);
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

// The id by which the socket's namespace knows the namespace behind `descriptor`; empty when it knows none.
std::optional<std::int32_t> ask_id(netlink_socket& socket, int descriptor, deadline limit)
{
    const rtgenmsg header{.rtgen_family = AF_UNSPEC};
    std::optional<std::int32_t> id;
    const auto asked = ask(
        socket,
        {.what = "the id of a namespace",
         .message_type = RTM_GETNSID,
         .header = &header,
         .header_size = sizeof header,
         .add_attributes =
             [&](nl_msg* message) { nla_put_u32(message, NETNSA_FD, static_cast<std::uint32_t>(descriptor)); }},
        [&](const nlmsghdr& answer) {
            if (answer.nlmsg_type != RTM_NEWNSID) return;
            for_each_attribute(after(bytes_of(answer), NLMSG_HDRLEN + sizeof(rtgenmsg)),
                               [&](std::uint16_t type, byte_span value) {
                                   if (type == NETNSA_NSID) id = read_struct<std::int32_t>(value);
                               });
        },
        limit);
    return asked ? id : std::nullopt;
}

std::optional<std::int32_t> id_of_entry(netlink_socket& socket, const files::directory& entries, const char* name,
                                        deadline limit)
{
    const unique_fd descriptor(::openat(entries.descriptor(), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    return descriptor ? ask_id(socket, descriptor.get(), limit) : std::nullopt;
}

bool is_namespace(const files::directory& entries, const char* name, namespace_identity identity)
{
    struct stat status {};
    return ::fstatat(entries.descriptor(), name, &status, 0) == 0 &&
           namespace_identity{status.st_dev, status.st_ino} == identity;
}

}  // namespace

void add_iproute_names(name_map& names, std::string_view file)
{
    while (!file.empty()) {
        std::string_view line = file.substr(0, file.find('\n'));
        file.remove_prefix(std::min(line.size() + 1, file.size()));
        line = line.substr(0, line.find('\0'));
        line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
        if (line.empty() || line.front() == '#') continue;
        if (!add_line(names, line)) return;
    }
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

std::map<std::int32_t, std::string> blocking_namespace_names(netlink_socket& socket, const std::string& root,
                                                             std::span<const std::int32_t> wanted, deadline limit)
{
    std::map<std::int32_t, std::string> names;
    if (wanted.empty()) return names;
    files::directory entries = open_directory(root, "/run/netns");
    if (!entries) return names;
    std::vector<std::int32_t> missing(wanted.begin(), wanted.end());
    // Most often the only other namespace is the node's, that is ours. To find out whether an entry is that one takes a
    // look at it; all others must be asked about, and a node has an entry for each of its pods.
    std::optional<std::int32_t> home_id;
    bool asked = false;
    while (!missing.empty() && !limit.passed()) {
        const dirent* const entry = entries.next();
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (!asked) home_id = ask_id(socket, socket.home().descriptor(), limit);
        asked = true;
        std::optional<std::int32_t> id;
        if (missing.size() == 1 && missing.front() == home_id) {
            if (is_namespace(entries, entry->d_name, socket.home().identity())) id = home_id;
        } else {
            id = id_of_entry(socket, entries, entry->d_name, limit);
        }
        if (!id || std::erase(missing, *id) == 0) continue;
        names.emplace(*id, name);
    }
    return names;
}

}  // namespace nodescope::netlink
