#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace nodescope::host {

namespace {

// The walk of one hierarchy: directories that are still to be read, by their path below it.
class hierarchy_walk {
public:
    hierarchy_walk(const files::place& hierarchy, deadline limit, const abandon_flag& abandoned)
        : limit_(limit), abandoned_(abandoned), root_(files::open(hierarchy, O_PATH | O_DIRECTORY))
    {
        if (!root_) failure_ = errno;
    }

    [[nodiscard]] int failure() const noexcept { return failure_; }
    [[nodiscard]] bool truncated() const noexcept { return truncated_; }

    std::vector<std::string> run()
    {
        found_.emplace_back("/");
        pending_.push_back({"/", 0});
        while (!pending_.empty() && !abandoned_.raised()) {
            if (limit_.passed() || found_.size() >= cgroup_limit) {
                truncated_ = true;
                break;
            }
            const auto [path, depth] = std::move(pending_.back());
            pending_.pop_back();
            read(path, depth);
        }
        std::sort(found_.begin(), found_.end());
        return std::move(found_);
    }

private:
    struct unread {
        std::string path;
        std::size_t depth;
    };

    void read(const std::string& path, std::size_t depth)
    {
        const std::string relative = path.size() == 1 ? "." : path.substr(1);
        constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        files::directory entries(unique_fd(::openat(root_.get(), relative.c_str(), flags)));
        if (!entries) return;
        while (const dirent* const entry = entries.next()) {
            const std::string_view name = entry->d_name;
            if (entry->d_type != DT_DIR || name.ends_with(".mount")) continue;
            if (found_.size() >= cgroup_limit) {
                truncated_ = true;
                return;
            }
            const std::string child = fmt::format("{}/{}", path.size() == 1 ? "" : path, name);
            if (has_directories(entries.descriptor(), entry->d_name)) {
                if (depth + 1 < cgroup_depth_limit) pending_.push_back({child, depth + 1});
                else truncated_ = true;
            }
            found_.push_back(child);
        }
    }

    // The kernel counts sub-directories as links of a cgroup's directory, so most need not be listed with their
    // dozens of files. File systems that do not count say 1.
    static bool has_directories(int directory, const char* name)
    {
        struct stat status = {};
        return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_nlink != 2;
    }

    deadline limit_;
    const abandon_flag& abandoned_;
    unique_fd root_;
    int failure_ = 0;
    bool truncated_ = false;
    std::vector<unread> pending_;
    std::vector<std::string> found_;
};

void add_all(std::vector<std::string>& into, std::vector<std::string>&& more)
{
    std::vector<std::string> both;
    both.reserve(std::max(into.size(), more.size()));
    std::set_union(std::make_move_iterator(into.begin()), std::make_move_iterator(into.end()),
                   std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()),
                   std::back_inserter(both));
    into = std::move(both);
}

}  // namespace

result<cgroup_set> blocking_find_cgroups(const cgroup_layout& layout, deadline limit, const abandon_flag& abandoned)
{
    if (layout.hierarchies.empty()) return error(failure::unavailable, "cgroups: none are mounted on this node");
    cgroup_set set;
    std::optional<error> first_failure;
    for (const std::string& mount : layout.hierarchies) {
        const files::place hierarchy(layout.root, mount);
        hierarchy_walk walk(hierarchy, limit, abandoned);
        if (walk.failure() != 0) {
            const error why = from_errno(walk.failure(), "cgroups: open " + hierarchy.shown());
            if (!first_failure) first_failure = error(failure::unavailable, why.message());
            continue;
        }
        add_all(set.paths, walk.run());
        set.truncated = set.truncated || walk.truncated();
        if (abandoned.raised()) return error(failure::cancelled, "cgroups: the asker went away");
    }
    if (set.paths.empty()) return *first_failure;
    if (set.paths.size() > cgroup_limit) {
        set.paths.resize(cgroup_limit);
        set.truncated = true;
    }
    return set;
}

}  // namespace nodescope::host
