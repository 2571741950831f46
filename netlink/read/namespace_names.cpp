#include "netlink/read/namespace_names.hpp"

#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/unique_fd.hpp"
#include "netlink/decode/attributes.hpp"

#include <fcntl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/stat.h>

#include <optional>
#include <string_view>
#include <vector>

namespace nodescope::netlink {

std::optional<std::int32_t> blocking_namespace_id(netlink_socket& socket, int descriptor, deadline limit)
{
    const rtgenmsg header{.rtgen_family = AF_UNSPEC};
    std::optional<std::int32_t> id;
    const auto asked = request_one(
        socket,
        {"the id of a namespace", RTM_GETNSID, header,
         [&](nl_msg* message) { nla_put_u32(message, NETNSA_FD, static_cast<std::uint32_t>(descriptor)); }},
        [&](const nlmsghdr& answer) {
            if (answer.nlmsg_type != RTM_NEWNSID) return;
            std::size_t damaged = 0;
            for_each_attribute(after(bytes_of(answer), NLMSG_HDRLEN + sizeof(rtgenmsg)), damaged,
                               [&](std::uint16_t type, byte_span value) {
                                   if (type == NETNSA_NSID) id = read_struct<std::int32_t>(value);
                               });
        },
        limit);
    return asked ? id : std::nullopt;
}

namespace {

std::optional<std::int32_t> id_of_entry(netlink_socket& socket, const files::directory& entries, const char* name,
                                        deadline limit)
{
    const unique_fd descriptor(::openat(entries.descriptor(), name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    return descriptor ? blocking_namespace_id(socket, descriptor.get(), limit) : std::nullopt;
}

bool is_namespace(const files::directory& entries, const char* name, namespace_identity identity)
{
    struct stat status {};
    return ::fstatat(entries.descriptor(), name, &status, 0) == 0 &&
           namespace_identity{status.st_dev, status.st_ino} == identity;
}

}  // namespace

std::map<std::int32_t, std::string> blocking_namespace_names(netlink_socket& socket, const std::string& root,
                                                             std::span<const std::int32_t> wanted, deadline limit)
{
    std::map<std::int32_t, std::string> names;
    if (wanted.empty()) return names;
    files::directory entries(files::open(files::place(root, "/run/netns"), O_RDONLY | O_DIRECTORY));
    if (!entries) return names;
    std::vector<std::int32_t> missing(wanted.begin(), wanted.end());
    // Most often the only other namespace is the node's, which is ours. Whether an entry is that one shows without
    // asking; all others must be asked about, and a node has an entry for each of its pods.
    std::optional<std::int32_t> home_id;
    bool asked = false;
    while (!missing.empty() && !limit.passed()) {
        const dirent* const entry = entries.next();
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (!asked) home_id = blocking_namespace_id(socket, socket.home().descriptor(), limit);
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
