#include "collectors/host/disk/mountinfo.hpp"

#include "core/files/bounded_file.hpp"

#include <utility>

namespace nodescope::host {

namespace {

result<mountinfo> read_table(const files::place& where, std::size_t limit_bytes)
{
    auto file = files::read_file(where, limit_bytes);
    if (!file && file.error().kind() == failure::denied) {
        return error(failure::denied, file.error().message() + ": CAP_SYS_PTRACE is missing");
    }
    if (!file) return file.error();
    mountinfo mounts;
    mounts.text = std::move(file->text);
    mounts.truncated = file->truncated;
    // npos + 1 is 0: not one whole line.
    if (mounts.truncated) mounts.text.resize(mounts.text.rfind('\n') + 1);
    return mounts;
}

}  // namespace

result<mountinfo> blocking_read_mountinfo(const std::string& root, std::size_t limit_bytes)
{
    return read_table({root, "/proc/1/mountinfo"}, limit_bytes);
}

files::place reachable_mounts(const std::string& root)
{
    return {root, files::is_own_root(root) ? "/proc/self/mountinfo" : "/proc/1/mountinfo"};
}

result<mountinfo> blocking_read_reachable_mounts(const std::string& root)
{
    return read_table(reachable_mounts(root), mountinfo_limit_bytes);
}

}  // namespace nodescope::host
