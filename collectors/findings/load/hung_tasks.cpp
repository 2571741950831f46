// hung-tasks: many threads of the container wait in the kernel, and no signal reaches them.
#include "collectors/findings/rules.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

namespace nodescope::findings {

namespace {

/// At one moment. A busy database has a handful that wait for its disk; many more at once wait for what does not
/// answer: a network file system, a disk that fails, a lock in the kernel.
constexpr std::size_t most_uninterruptible = 10;

}  // namespace

finding_list look_for_hung_tasks(const network_model& model)
{
    finding_list found;
    const task_load& tasks = model.tasks;
    if (tasks.uninterruptible <= most_uninterruptible) return found;
    finding one;
    one.summary = fmt::format("{} of {} tasks of the container are in uninterruptible sleep", tasks.uninterruptible,
                              tasks.looked_at);
    one.seen.add("tasks", tasks.uninterruptible)
        .add("looked_at", tasks.looked_at)
        .add("names", joined(tasks.names, ", "));
    found.add(std::move(one));
    return found;
}

}  // namespace nodescope::findings
