#include "collectors/network/socket_holders.hpp"

#include "collectors/host/proc/held_sockets.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "core/files/bounded_file.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace nodescope {

namespace {

// The kernel's are shorter.
constexpr std::size_t holder_name_limit = 64;

std::set<std::uint32_t> sockets_of_somebody(const netlink::socket_overview& of)
{
    std::set<std::uint32_t> all;
    for (const auto* const list : {&of.listeners, &of.udp}) {
        for (const netlink::inet_socket& one : *list) {
            if (one.inode != 0) all.insert(one.inode);
        }
    }
    return all;
}

bool is_in(const host::walked_process& process, netlink::namespace_identity where)
{
    struct stat status {};
    return ::fstatat(process.directory, "ns/net", &status, 0) == 0 &&
           netlink::namespace_identity{status.st_dev, status.st_ino} == where;
}

std::string name_of_holder(const host::walked_process& process)
{
    const auto read = files::read_file_at(process.directory, "comm", holder_name_limit, "comm");
    if (!read) return {};
    return read->text.substr(0, read->text.find('\n'));
}

}  // namespace

void blocking_find_holders(const std::string& root, netlink::namespace_identity where, netlink::socket_overview& of,
                           deadline limit, const abandon_flag& abandoned, std::size_t descriptors)
{
    std::set<std::uint32_t> wanted = sockets_of_somebody(of);
    if (wanted.empty()) return;
    host::descriptor_allowance allowed;
    allowed.left = descriptors;
    allowed.is_over = [&] { return limit.passed() || abandoned.raised(); };
    std::string trouble;
    const auto visit = [&](const host::walked_process& process) {
        if (!is_in(process, where)) return false;
        std::vector<std::uint32_t> held;
        const auto keep = [&](std::uint32_t inode) {
            if (wanted.erase(inode) > 0) held.push_back(inode);
            return wanted.empty();
        };
        const auto looked = host::blocking_visit_sockets(process.directory, keep, allowed, process.name);
        if (allowed.left == 0) trouble = fmt::format("no more than {} descriptors are looked at", descriptors);
        else if (!looked && trouble.empty()) trouble = fmt::format("process {}", looked.error().message());
        if (!held.empty()) {
            const netlink::socket_process holder{process.pid, name_of_holder(process)};
            for (const std::uint32_t inode : held) of.holders[inode] = holder;
        }
        return wanted.empty();
    };
    // The walk ends with the process that holds the last one.
    const auto walked = host::blocking_walk_processes(root, "who holds sockets", 1, limit, abandoned, visit);
    if (!walked) trouble = walked.error().message();
    if (trouble.empty() || wanted.empty()) return;
    of.note += fmt::format("{}the processes of {} sockets are not known: {}", of.note.empty() ? "" : "; ",
                           wanted.size(), trouble);
}

}  // namespace nodescope
