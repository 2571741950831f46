#include "collectors/host/cgroup/cgroup_files.hpp"

#include "core/files/root.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

using clock_time = std::chrono::sys_time<std::chrono::nanoseconds>;

// As openat wants it: "docker/0123", "." for the root.
std::string relative_path(std::string_view path) { return std::string(path.size() == 1 ? "." : path.substr(1)); }

std::optional<clock_time> change_time(int hierarchy, const std::string& relative)
{
    struct stat status = {};
    if (hierarchy < 0 || ::fstatat(hierarchy, relative.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
    return clock_time(std::chrono::seconds(status.st_ctim.tv_sec) + std::chrono::nanoseconds(status.st_ctim.tv_nsec));
}

// A cgroup path names no way out of the hierarchy.
bool is_inside(std::string_view path)
{
    return path.starts_with('/') && path.find('\0') == std::string_view::npos && !has_part(path, '/', "..");
}

ssize_t read_at(int descriptor, char* into, std::size_t size, std::size_t offset)
{
    for (;;) {
        const ssize_t got = ::pread(descriptor, into, size, static_cast<off_t>(offset));
        if (got >= 0 || errno != EINTR) return got;
    }
}

// What follows the `size` bytes in the small buffer.
std::optional<std::string_view> read_rest(int descriptor, std::size_t size, cgroup_text_buffer& buffer)
{
    buffer.large.assign(buffer.small.data(), size);
    while (buffer.large.size() < cgroup_files::text_limit) {
        const ssize_t more = read_at(descriptor, buffer.small.data(), buffer.small.size(), buffer.large.size());
        if (more < 0) return std::nullopt;
        if (more == 0) break;
        buffer.large.append(buffer.small.data(), static_cast<std::size_t>(more));
    }
    return buffer.large;
}

// The text of a file with figures. The kernel shows such a file in one piece (fs/seq_file.c), so unless it fills the
// buffer one read is enough.
std::optional<std::string_view> read_piece(int descriptor, cgroup_text_buffer& buffer)
{
    const ssize_t got = read_at(descriptor, buffer.small.data(), buffer.small.size(), 0);
    if (got < 0) return std::nullopt;
    const auto size = static_cast<std::size_t>(got);
    if (size < buffer.small.size()) return std::string_view(buffer.small.data(), size);
    return read_rest(descriptor, size, buffer);
}

}  // namespace

result<std::shared_ptr<cgroup_tree>> cgroup_tree::blocking_open(cgroup_layout layout, std::size_t kept_files)
{
    if (layout.hierarchies.empty()) return error(failure::unavailable, "cgroups: none are mounted on this node");
    std::vector<unique_fd> hierarchies;
    int why = 0;
    for (const std::string& path : layout.hierarchies) {
        hierarchies.push_back(files::open({layout.root, path}, O_PATH | O_DIRECTORY));
        if (!hierarchies.back()) why = errno;
    }
    if (std::none_of(hierarchies.begin(), hierarchies.end(), [](const unique_fd& one) { return bool(one); })) {
        const error reason =
            from_errno(why, "cgroups: open " + files::place(layout.root, layout.hierarchies.back()).shown());
        return error(failure::unavailable, reason.message());
    }
    unique_fd pressure;
    if (!layout.pressure_mount.empty()) {
        pressure = files::open({layout.root, layout.pressure_mount}, O_PATH | O_DIRECTORY);
    }
    return std::shared_ptr<cgroup_tree>(
        new cgroup_tree(std::move(layout), std::move(hierarchies), std::move(pressure), kept_files));
}

std::optional<clock_time> cgroup_tree::blocking_creation_time(std::string_view path, clock_time boot_time) const
{
    // Nobody writes to these files, so the last change of their status is their creation.
    const char* const untouched = layout_.version == cgroup_version::v2 ? "/cgroup.events" : "/cgroup.clone_children";
    const std::string relative = relative_path(path);
    std::optional<clock_time> oldest;
    for (const unique_fd& hierarchy : hierarchies_) {
        const auto made = change_time(hierarchy.get(), relative);
        if (!made) continue;
        const clock_time there = std::min(*made, change_time(hierarchy.get(), relative + untouched).value_or(*made));
        oldest = std::min(oldest.value_or(there), there);
    }
    if (oldest) oldest = std::max(*oldest, boot_time);
    return oldest;
}

std::string cgroup_tree::address(std::size_t hierarchy, std::string_view path) const
{
    return files::path_of(hierarchies_[hierarchy]).append(path);
}

void cgroup_tree::blocking_begin_pass()
{
    limits_.blocking_look();
    const int hierarchy = layout_.hierarchy(cgroup_controller::blkio);
    if (layout_.version != cgroup_version::v1 || hierarchy < 0) return;
    // The root has a line for each disk that BFQ is in charge of, and the sum alone where there is none
    // (block/blk-cgroup.c, blkcg_print_blkgs()).
    const unique_fd root(::openat(descriptor(static_cast<std::size_t>(hierarchy)), "blkio.bfq.io_serviced_recursive",
                                  O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    cgroup_text_buffer buffer;
    const auto text = root ? read_piece(root.get(), buffer) : std::nullopt;
    bfq_counts_ = !text || !text->starts_with("Total ");
}

bool cgroup_tree::may_keep_file() noexcept
{
    if (kept_files_.fetch_add(1, std::memory_order_relaxed) < may_keep_) return true;
    let_go(1);
    return false;
}

cgroup_files::cgroup_files(std::shared_ptr<cgroup_tree> tree, std::string_view path)
    : tree_(std::move(tree)),
      path_(path),
      relative_(relative_path(path)),
      directories_(tree_->layout().hierarchies.size())
{
}

cgroup_files::~cgroup_files()
{
    if (tree_) tree_->let_go(kept_);
}

result<cgroup_files> cgroup_files::blocking_open(std::shared_ptr<cgroup_tree> tree, std::string_view path)
{
    if (!is_inside(path)) return error(failure::invalid, fmt::format("cgroup \"{}\": not a path of a cgroup", path));
    cgroup_files opened(std::move(tree), path);
    for (std::size_t i = opened.directories_.size(); i > 0; --i) {
        struct stat status = {};
        const int hierarchy = opened.tree_->descriptor(i - 1);
        if (hierarchy < 0 || ::fstatat(hierarchy, opened.relative_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISDIR(status.st_mode)) {
            continue;
        }
        opened.directories_[i - 1] = true;
        opened.first_hierarchy_ = i - 1;
        opened.identity_ = status.st_ino;
    }
    if (opened.identity_ == 0) return error(failure::gone, fmt::format("cgroup {}: no such cgroup", path));
    return opened;
}

std::unique_ptr<watched_limits> cgroup_files::blocking_watch_limits() const
{
    using enum cgroup_controller;
    std::vector<std::size_t> hierarchies;
    for (const auto controller : {cpu, memory, pids}) {
        if (!has_directory(controller)) continue;
        const auto hierarchy = static_cast<std::size_t>(layout().hierarchy(controller));
        if (std::find(hierarchies.begin(), hierarchies.end(), hierarchy) == hierarchies.end())
            hierarchies.push_back(hierarchy);
    }
    std::vector<std::string> directories;
    directories.reserve(hierarchies.size());
    for (const std::size_t hierarchy : hierarchies) directories.push_back(tree_->address(hierarchy, path_));
    std::string above;
    if (layout().version == cgroup_version::v2 && path_ != "/")
        above = tree_->address(0, std::string_view(path_).substr(0, std::max<std::size_t>(path_.rfind('/'), 1)));
    return tree_->limits().blocking_watch(directories, above);
}

bool cgroup_files::has_directory(cgroup_controller controller) const noexcept
{
    const int hierarchy = layout().hierarchy(controller);
    return hierarchy >= 0 && directories_[static_cast<std::size_t>(hierarchy)];
}

unique_fd cgroup_files::open(cgroup_controller controller, std::string_view name) const
{
    const bool of_controller = controller != cgroup_controller::pressure;
    if (of_controller && !has_directory(controller)) return {};
    const int hierarchy = of_controller ? tree_->descriptor(static_cast<std::size_t>(layout().hierarchy(controller)))
                                        : tree_->pressure_descriptor();
    if (hierarchy < 0) return {};
    std::string path;
    path.reserve(relative_.size() + 1 + name.size());
    path.append(relative_).append("/").append(name);
    return unique_fd(::openat(hierarchy, path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

cgroup_files::file& cgroup_files::known(cgroup_controller controller, std::string_view name)
{
    const auto found = std::find_if(files_.begin(), files_.end(), [&](const file& one) { return one.name == name; });
    if (found != files_.end()) return *found;
    file& added = files_.emplace_back();
    added.name = name;
    unique_fd descriptor = open(controller, name);
    added.there = static_cast<bool>(descriptor);
    if (descriptor && tree_->may_keep_file()) {
        added.kept = std::move(descriptor);
        ++kept_;
    }
    return added;
}

bool cgroup_files::has_file(cgroup_controller controller, std::string_view name)
{
    return known(controller, name).there;
}

std::optional<std::string_view> cgroup_files::read(cgroup_controller controller, std::string_view name,
                                                   cgroup_text_buffer& buffer)
{
    const file& wanted = known(controller, name);
    if (!wanted.there) return std::nullopt;
    if (wanted.kept) return read_piece(wanted.kept.get(), buffer);
    const unique_fd opened = open(controller, name);
    if (!opened) return std::nullopt;
    return read_piece(opened.get(), buffer);
}

std::optional<std::string_view> cgroup_files::read_once(cgroup_controller controller, std::string_view name,
                                                        cgroup_text_buffer& buffer) const
{
    const unique_fd opened = open(controller, name);
    if (!opened) return std::nullopt;
    return read_piece(opened.get(), buffer);
}

std::optional<std::string_view> cgroup_files::read_list(cgroup_controller controller, std::string_view name,
                                                        cgroup_text_buffer& buffer) const
{
    const unique_fd opened = open(controller, name);
    if (!opened) return std::nullopt;
    return read_rest(opened.get(), 0, buffer);
}

bool cgroup_files::still_there() const noexcept
{
    struct stat status = {};
    return ::fstatat(tree_->descriptor(first_hierarchy_), relative_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           status.st_ino == identity_;
}

}  // namespace nodescope::host
