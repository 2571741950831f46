#include "collectors/runtime/by_cgroup.hpp"

#include "core/files/root.hpp"
#include "core/text.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

namespace nodescope {

namespace {

constexpr std::string_view whole_tree = "cgroups of containers";

}  // namespace

task<result<kernel_container>> by_cgroup::find(container_reference id, deadline limit)
{
    const deadline own = deadline::sooner(limit, deadline::in(timeout_));
    auto place = co_await find_place(id.text(), own);
    if (!place) co_return place.error();
    auto work = [root = root_, where = *place, own](const abandon_flag& abandoned) -> result<kernel_container> {
        auto processes = host::blocking_read_container_processes(root, where, own, abandoned);
        if (!processes) return processes.error();
        kernel_container found;
        found.processes = std::move(*processes);
        struct stat status {};
        const unique_fd directory = files::open({root, where.mount + where.path}, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        if (directory && ::fstat(directory.get(), &status) == 0) found.owner = status.st_uid;
        return found;
    };
    auto found = co_await pool_.run("processes of a container", own, std::move(work));
    if (!found) co_return found.error();
    if (found->processes.empty()) {
        co_return error(failure::conflict, fmt::format("container is not running: no process is in its cgroup {}",
                                                       escape_untrusted(place->path)));
    }
    found->place = std::move(*place);
    co_return found;
}

task<result<host::container_place>> by_cgroup::find_place(std::string reference, deadline limit)
{
    // A look that was joined may have begun before the container was made.
    const bool joins = looks_.in_flight() > 0;
    for (int attempt = joins ? 0 : 1; attempt < 2; ++attempt) {
        const auto begin = [this](deadline own) { return look(host::search_extent::one_hierarchy, own); };
        const auto all = co_await looks_.join(std::string(whole_tree), limit, begin);
        if (!all) co_return all.error();
        auto place = host::choose_container_place(**all, reference);
        if (place || place.error().kind() != failure::gone) co_return place;
    }
    const auto begin = [this](deadline own) { return look(host::search_extent::all_hierarchies, own); };
    const auto all = co_await looks_.join(fmt::format("{}, all hierarchies", whole_tree), limit, begin);
    if (!all) co_return all.error();
    co_return host::choose_container_place(**all, reference);
}

task<result<by_cgroup::places>> by_cgroup::look(host::search_extent extent, deadline limit)
{
    auto work = [root = root_, extent, limit](const abandon_flag& abandoned) {
        return host::blocking_find_container_places(root, extent, limit, abandoned);
    };
    auto all = co_await pool_.run("cgroups of containers", limit, std::move(work));
    if (!all) co_return all.error();
    co_return std::make_shared<const std::vector<host::container_place>>(std::move(*all));
}

}  // namespace nodescope
