#include "collectors/mountinfo.hpp"

#include "collectors/host/proc_file.hpp"

#include <utility>

namespace nodescope {

result<mountinfo> blocking_read_mountinfo(const std::string& root, std::size_t limit_bytes)
{
    auto file = host::read_file(host::under_root(root, "/proc/1/mountinfo"), limit_bytes);
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

task<result<mountinfo>> mountinfo_collector::collect(deadline limit)
{
    auto work = [root = root_](const abandon_flag&) { return blocking_read_mountinfo(root); };
    co_return co_await pool_.run("mountinfo", limit, std::move(work));
}

}  // namespace nodescope
