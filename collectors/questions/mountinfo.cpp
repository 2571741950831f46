#include "collectors/questions/mountinfo.hpp"

namespace nodescope {

task<result<host::mountinfo>> mountinfo_collector::collect(deadline limit)
{
    auto work = [root = root_](const abandon_flag&) { return host::blocking_read_mountinfo(root); };
    co_return co_await pool_.run("mountinfo", limit, std::move(work));
}

}  // namespace nodescope
