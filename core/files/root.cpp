#include "core/files/root.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <vector>

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace nodescope::files {

namespace {

constexpr int common_flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
// As many as the kernel follows (MAXSYMLINKS).
constexpr int link_limit = 40;
// openat2 gives EAGAIN when something was renamed while it looked at "..".
constexpr int attempts = 8;

// O_PATH is refused by openat2 together with flags that mean nothing beside it.
int all_flags(int flags) noexcept { return (flags & O_PATH) != 0 ? flags | O_CLOEXEC : flags | common_flags; }

unique_fd open_root(const std::string& root)
{
    return unique_fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/// Of the link that is open, or of the one at `path`.
std::optional<std::string> link_text(int link, const char* path = "")
{
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlinkat(link, path, target.data(), target.size());
    if (length <= 0) return std::nullopt;
    return std::string(target.data(), static_cast<std::size_t>(length));
}

// Follows a path from a root, holding every directory on the way, so that ".." is the way back.
class steps {
public:
    steps(unique_fd root, std::string path) : rest_(std::move(path)) { way_.push_back(std::move(root)); }

    unique_fd open(int flags)
    {
        for (;;) {
            rest_.erase(0, std::min(rest_.find_first_not_of('/'), rest_.size()));
            const std::size_t end = std::min(rest_.find('/'), rest_.size());
            const std::string name = rest_.substr(0, end);
            rest_.erase(0, end);
            const bool last = rest_.empty();
            if (name == "..") {
                if (way_.size() > 1) way_.pop_back();
            } else if (!name.empty() && name != ".") {
                unique_fd entry(::openat(way_.back().get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
                struct stat status {};
                if (!entry || ::fstat(entry.get(), &status) != 0) return {};
                const bool is_link = S_ISLNK(status.st_mode);
                if (last && (!is_link || (flags & O_NOFOLLOW) != 0)) {
                    return unique_fd(::openat(way_.back().get(), name.c_str(), flags | O_NOFOLLOW));
                }
                if (is_link) {
                    if (!follow(entry.get())) return {};
                    continue;
                }
                way_.push_back(std::move(entry));
            }
            if (last) return unique_fd(::openat(way_.back().get(), ".", flags));
        }
    }

private:
    bool follow(int link)
    {
        const auto target = link_text(link);
        if (!target) return false;
        if (++links_ > link_limit) {
            errno = ELOOP;
            return false;
        }
        if (target->starts_with('/')) way_.resize(1);
        rest_.insert(0, *target);
        return true;
    }

    std::vector<unique_fd> way_;
    std::string rest_;
    int links_ = 0;
};

}  // namespace

bool is_own_root(std::string_view root) noexcept { return root.find_first_not_of('/') == std::string_view::npos; }

place place::operator/(std::string_view name) const
{
    place inner(root, path);
    if (!inner.path.ends_with('/')) inner.path += '/';
    inner.path += name;
    return inner;
}

std::string place::shown() const
{
    std::string text = root.substr(0, root.find_last_not_of('/') + 1);
    if (!path.starts_with('/')) text += '/';
    return text += path;
}

unique_fd open(const place& where, int flags)
{
    flags = all_flags(flags);
    // Links lead nowhere else from our own root.
    if (is_own_root(where.root)) return unique_fd(::open(where.shown().c_str(), flags));
    const unique_fd root = open_root(where.root);
    if (!root) return {};
    open_how how{};
    how.flags = static_cast<__u64>(flags);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (int i = 0; i < attempts; ++i) {
        const long opened = ::syscall(SYS_openat2, root.get(), where.path.c_str(), &how, sizeof(how));
        if (opened >= 0) return unique_fd(static_cast<int>(opened));
        if (errno == EAGAIN) continue;
        if (errno == ENOSYS || errno == EPERM) break;
        return {};
    }
    return open_step_by_step(where, flags);
}

unique_fd open_step_by_step(const place& where, int flags)
{
    unique_fd root = open_root(where.root);
    if (!root) return {};
    return steps(std::move(root), where.path).open(all_flags(flags));
}

result<unique_fd> open_directory(const place& where)
{
    unique_fd opened = open(where, O_RDONLY | O_DIRECTORY);
    if (!opened) return from_errno(errno, "open " + where.shown());
    return opened;
}

std::string path_of(const unique_fd& opened) { return fmt::format("/proc/self/fd/{}", opened.get()); }

std::optional<std::string> read_link(const place& where)
{
    if (is_own_root(where.root)) return link_text(AT_FDCWD, where.shown().c_str());
    const unique_fd link = open(where, O_PATH | O_NOFOLLOW);
    if (!link) return std::nullopt;
    return link_text(link.get());
}

}  // namespace nodescope::files
