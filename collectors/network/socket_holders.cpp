#include "collectors/network/socket_holders.hpp"

#include "collectors/host/proc/held_sockets.hpp"
#include "collectors/host/proc/process_walk.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/root.hpp"
#include "core/text.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
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

std::string name_of_holder(int process_directory)
{
    const auto read = files::read_piece_at(process_directory, "comm", holder_name_limit, "comm");
    if (!read) return {};
    return read->text.substr(0, read->text.find('\n'));
}

class holder_finder {
public:
    holder_finder(const holder_search& search, netlink::socket_overview& of, deadline limit,
                  const abandon_flag& abandoned)
        : search_(search), of_(of), wanted_(sockets_of_somebody(of))
    {
        allowed_.left = search.descriptors;
        allowed_.is_over = [&abandoned, limit] { return limit.passed() || abandoned.raised(); };
    }

    /// Whether nobody is missing any more.
    bool look_at(pid_t pid, int process_directory)
    {
        struct stat space {};
        if (::fstatat(process_directory, "ns/net", &space, 0) != 0) return done();
        if (netlink::namespace_identity{space.st_dev, space.st_ino} != search_.where) return done();
        std::vector<std::uint32_t> held;
        const auto keep = [&](std::uint32_t inode) {
            if (wanted_.erase(inode) > 0) held.push_back(inode);
            return done();
        };
        const auto looked = host::blocking_visit_sockets(process_directory, keep, allowed_, std::to_string(pid));
        if (allowed_.left == 0) {
            trouble_ = fmt::format("no more than {} descriptors are looked at", search_.descriptors);
        } else if (!looked && trouble_.empty()) {
            trouble_ = fmt::format("process {}", looked.error().message());
        }
        if (!held.empty()) {
            const netlink::socket_process holder{pid, name_of_holder(process_directory)};
            for (const std::uint32_t inode : held) of_.holders[inode] = holder;
        }
        return done();
    }

    [[nodiscard]] bool done() const { return wanted_.empty(); }
    [[nodiscard]] bool is_over() const { return allowed_.is_over(); }
    void fail(std::string why) { trouble_ = std::move(why); }

    void tell()
    {
        if (trouble_.empty() || done()) return;
        append_clause(of_.note, fmt::format("the processes of {} sockets are not known: {}", wanted_.size(), trouble_));
    }

private:
    const holder_search& search_;
    netlink::socket_overview& of_;
    std::set<std::uint32_t> wanted_;
    host::descriptor_allowance allowed_;
    std::string trouble_;
};

void look_at_all(const holder_search& search, holder_finder& finder, deadline limit, const abandon_flag& abandoned)
{
    // The walk ends with the process that holds the last one.
    const auto walked = host::blocking_walk_processes(
        search.root, "who holds sockets", 1, limit, abandoned,
        [&finder](const host::walked_process& one) { return finder.look_at(one.pid, one.directory); });
    if (!walked) finder.fail(walked.error().message());
}

/// Whether there was time for all of them.
bool look_at_some(const holder_search& search, holder_finder& finder)
{
    std::vector<pid_t> processes = search.among;
    std::ranges::sort(processes);
    for (const pid_t pid : processes) {
        if (finder.is_over()) {
            finder.fail("there was no time to look for them");
            return false;
        }
        const unique_fd process = files::open({search.root, fmt::format("/proc/{}", pid)}, O_PATH | O_DIRECTORY);
        if (process && finder.look_at(pid, process.get())) return true;
    }
    return true;
}

}  // namespace

void blocking_find_holders(const holder_search& search, netlink::socket_overview& of, deadline limit,
                           const abandon_flag& abandoned)
{
    holder_finder finder(search, of, limit, abandoned);
    if (finder.done()) return;
    if (look_at_some(search, finder) && !finder.done()) look_at_all(search, finder, limit, abandoned);
    finder.tell();
}

}  // namespace nodescope
