#include "collectors/questions/mountinfo.hpp"

#include "collectors/host/proc/proc_file.hpp"

#include <utility>

namespace nodescope {

namespace {

result<mountinfo> read_table(const std::string& path, std::size_t limit_bytes)
{
    auto file = host::read_file(path, limit_bytes);
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
    return read_table(host::under_root(root, "/proc/1/mountinfo"), limit_bytes);
}

result<mountinfo> blocking_read_reachable_mounts(const std::string& root)
{
    const bool own = root.find_first_not_of('/') == std::string::npos;
    return read_table(host::under_root(root, own ? "/proc/self/mountinfo" : "/proc/1/mountinfo"),
                      mountinfo_limit_bytes);
}

task<result<mountinfo>> mountinfo_collector::collect(deadline limit)
{
    auto work = [root = root_](const abandon_flag&) { return blocking_read_mountinfo(root); };
    co_return co_await pool_.run("mountinfo", limit, std::move(work));
}

}  // namespace nodescope
