#include "collectors/host/cgroup/cgroup_walk.hpp"

#include "collectors/host/cgroup/cgroup_maker.hpp"
#include "core/byte_budget.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/json/writer.hpp"
#include "core/text.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace nodescope::host {

namespace {

/// What may wait to be listed, of root's cgroups and of the others each: a walk that is not cut needs less.
constexpr std::size_t waiting_bytes = 4UL << 20U;

struct seen_cgroup {
    std::string path;
    std::string share;      // whose turn it is in
    std::size_t depth = 0;  // 0: the root
    bool delegated = false;
    bool is_roots = true;  // nobody else may make cgroups in it
    bool has_directories = true;
};

/// Runtimes and systemd give no other names. Two that differ in bytes which are no UTF-8 would become one in every
/// answer, and control bytes are run by whoever has /metrics on a terminal.
bool is_plain_text(std::string_view name)
{
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    return std::none_of(name.begin(), name.end(), is_control) && is_valid_utf8(name);
}

/// Cgroups that are known by name and not listed yet.
struct waiting_cgroups {
    std::map<std::string, std::deque<seen_cgroup>> by_share;
    byte_budget bytes{waiting_bytes};

    void add(seen_cgroup one)
    {
        if (!bytes.charge(one.path.size() + one.share.size() + sizeof(one))) return;
        by_share[one.share].push_back(std::move(one));
    }
    [[nodiscard]] std::uint64_t left_out() const
    {
        std::uint64_t all = bytes.left_out();
        for (const auto& [share, list] : by_share) all += list.size();
        return all;
    }
};

/// One hierarchy. The lists are in the order of the walk.
class hierarchy_walk {
public:
    hierarchy_walk(int hierarchy, deadline limit, const abandon_flag& abandoned)
        : hierarchy_(hierarchy), limit_(limit), abandoned_(abandoned)
    {
        struct stat status = {};
        if (::fstat(hierarchy, &status) == 0) owner_ = status.st_uid;
        take(seen_cgroup{"/", "/", 0, false, true, true});
        take_all(of_root_, cgroup_limit);
        take_all(of_others_, delegated_limit);
        // What still waits is counted, and not kept until the other hierarchies have been walked too.
        left_out_ += of_root_.left_out() + of_others_.left_out();
        of_root_.by_share.clear();
        of_others_.by_share.clear();
    }

    [[nodiscard]] const std::vector<std::string>& listed(bool delegated) const
    {
        return delegated ? delegated_ : listed_;
    }
    [[nodiscard]] std::uint64_t left_out() const { return left_out_; }
    [[nodiscard]] bool truncated() const { return stopped_ || left_out() > 0; }

private:
    void take_all(waiting_cgroups& from, std::size_t limit)
    {
        const std::size_t most = std::min(limit, cgroup_limit - std::min(cgroup_limit, listed_.size()));
        std::size_t taken = 0;
        // One of each share in turn. Taking one may add to any of the lists.
        while (!from.by_share.empty() && taken < most && !stopped_) {
            for (auto at = from.by_share.begin(); at != from.by_share.end() && taken < most && !stopped_; ++taken) {
                const seen_cgroup one = std::move(at->second.front());
                at->second.pop_front();
                from.bytes.give_back(one.path.size() + one.share.size() + sizeof(one));
                take(one);
                at = at->second.empty() ? from.by_share.erase(at) : std::next(at);
            }
        }
    }

    void take(const seen_cgroup& one)
    {
        (one.delegated ? delegated_ : listed_).push_back(one.path);
        if (!one.has_directories) return;
        stopped_ = stopped_ || limit_.passed() || abandoned_.raised();
        if (stopped_) return;
        if (one.depth < cgroup_depth_limit) list(one);
        else ++left_out_;
    }

    void list(const seen_cgroup& parent)
    {
        const std::string relative = parent.depth == 0 ? "." : parent.path.substr(1);
        constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        files::directory entries(unique_fd(::openat(hierarchy_, relative.c_str(), flags)));
        if (!entries) return;
        while (const dirent* const entry = entries.next()) {
            const std::string_view name = entry->d_name;
            if (entry->d_type != DT_DIR || name.ends_with(".mount")) continue;
            seen_cgroup child;
            child.path = fmt::format("{}/{}", parent.depth == 0 ? "" : parent.path, name);
            if (child.path.size() > cgroup_path_limit || !is_plain_text(name)) {
                ++left_out_;
                continue;
            }
            child.depth = parent.depth + 1;
            child.delegated = parent.delegated || !parent.is_roots;
            child.share = child.delegated && !parent.delegated ? parent.path : parent.share;
            if (parent.depth == 0 && !child.delegated) child.share = child.path;
            look_at(entries.descriptor(), entry->d_name, child);
            (child.delegated ? of_others_ : of_root_).add(std::move(child));
        }
    }

    void look_at(int directory, const char* name, seen_cgroup& child) const
    {
        struct stat status = {};
        if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
            child.has_directories = false;
            return;
        }
        // The kernel counts sub-directories as links of a cgroup's directory, so most need not be listed with their
        // dozens of files. File systems that do not count say 1.
        child.has_directories = status.st_nlink != 2;
        child.is_roots = is_roots_alone(status, owner_);
    }

    int hierarchy_;
    deadline limit_;
    const abandon_flag& abandoned_;
    uid_t owner_ = 0;
    std::vector<std::string> listed_;
    std::vector<std::string> delegated_;
    waiting_cgroups of_root_;
    waiting_cgroups of_others_;
    std::uint64_t left_out_ = 0;
    bool stopped_ = false;
};

/// The union, in turn by hierarchy, so that the many of one do not take the place of another's.
cgroup_set union_of(const std::vector<hierarchy_walk>& walks)
{
    cgroup_set set;
    std::map<std::string, bool> all;  // path -> delegated
    std::uint64_t cut = 0;
    byte_budget of_others(delegated_paths_bytes);
    for (const bool delegated : {false, true}) {
        // With those of others.
        const std::size_t of_all = std::min(all.size() + delegated_limit, cgroup_limit);
        std::size_t longest = 0;
        for (const hierarchy_walk& one : walks) longest = std::max(longest, one.listed(delegated).size());
        for (std::size_t rank = 0; rank < longest; ++rank) {
            for (const hierarchy_walk& one : walks) {
                if (rank >= one.listed(delegated).size()) continue;
                const std::string& path = one.listed(delegated)[rank];
                const auto known = all.find(path);
                if (known != all.end()) known->second = known->second || delegated;
                else if (all.size() < (delegated ? of_all : cgroup_limit) &&
                         (!delegated || of_others.charge(json_string_bytes(path))))
                    all.emplace(path, delegated);
                else ++cut;
            }
        }
    }
    for (const hierarchy_walk& one : walks) {
        // A cgroup has a directory in each hierarchy.
        set.left_out = std::max(set.left_out, one.left_out());
        set.truncated = set.truncated || one.truncated();
    }
    set.left_out += cut;
    set.truncated = set.truncated || cut > 0;
    set.paths.reserve(all.size());
    for (const auto& [path, delegated] : all) {
        set.paths.push_back(path);
        if (delegated) set.delegated.push_back(path);
    }
    return set;
}

}  // namespace

bool cgroup_set::is_delegated(std::string_view path) const
{
    return std::binary_search(delegated.begin(), delegated.end(), path);
}

result<cgroup_set> blocking_find_cgroups(const cgroup_layout& layout, deadline limit, const abandon_flag& abandoned)
{
    if (layout.hierarchies.empty()) return error(failure::unavailable, "cgroups: none are mounted on this node");
    std::vector<hierarchy_walk> walks;
    walks.reserve(layout.hierarchies.size());
    std::optional<error> first_failure;
    for (const std::string& mount : layout.hierarchies) {
        const files::place hierarchy(layout.root, mount);
        const unique_fd opened = files::open(hierarchy, O_PATH | O_DIRECTORY);
        if (!opened) {
            const error why = from_errno(errno, "cgroups: open " + hierarchy.shown());
            if (!first_failure) first_failure = error(failure::unavailable, why.message());
            continue;
        }
        walks.emplace_back(opened.get(), limit, abandoned);
        if (abandoned.raised()) return error(failure::cancelled, "cgroups: the asker went away");
    }
    if (walks.empty()) return *first_failure;
    return union_of(walks);
}

}  // namespace nodescope::host
