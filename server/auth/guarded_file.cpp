#include "server/auth/guarded_file.hpp"

#include "core/files/bounded_file.hpp"

#include <fmt/format.h>

#include <cerrno>

#include <sys/stat.h>

namespace nodescope::auth {

namespace {

file_state state_of(const struct stat& from) noexcept
{
    return {from.st_dev,          from.st_ino,         from.st_size,        from.st_mtim.tv_sec,
            from.st_mtim.tv_nsec, from.st_ctim.tv_sec, from.st_ctim.tv_nsec};
}

result<void> check_rights(const guarded_file& file, const struct stat& status)
{
    if (file.secret && (status.st_mode & S_IROTH) != 0) {
        return error(failure::denied, fmt::format("{} holds secrets and can be read by everybody (mode {:04o}): take "
                                                  "that right away, e.g. chmod o= {}",
                                                  file.path, status.st_mode & 07777U, file.path));
    }
    return files::check_only_ours(status, file.path);
}

}  // namespace

result<file_content> blocking_read_guarded(const guarded_file& file)
{
    const auto opened = files::open_regular(file.path);
    if (!opened) return opened.error();
    if (const auto allowed = check_rights(file, opened->status); !allowed) return allowed.error();
    auto text = files::read_complete(*opened, guarded_file_limit, file.path);
    if (!text) return text.error();
    return file_content{std::move(*text), state_of(opened->status)};
}

result<std::optional<std::vector<file_content>>> blocking_read_changed(const std::vector<guarded_file>& files,
                                                                       const std::vector<file_state>& known)
{
    bool changed = known.size() != files.size();
    for (std::size_t i = 0; i < files.size() && !changed; ++i) {
        struct stat status {};
        if (::stat(files[i].path.c_str(), &status) != 0)
            return from_errno(errno, fmt::format("stat {}", files[i].path));
        changed = state_of(status) != known[i];
    }
    std::optional<std::vector<file_content>> out;
    if (!changed) return out;
    out.emplace();
    for (const guarded_file& file : files) {
        auto content = blocking_read_guarded(file);
        if (!content) return content.error();
        out->push_back(std::move(*content));
    }
    return out;
}

}  // namespace nodescope::auth
