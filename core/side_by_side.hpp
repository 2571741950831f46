// Several coroutines at once, and the wait for all of them.
#pragma once

#include "core/task.hpp"

#include <utility>
#include <vector>

namespace nodescope {

/// Runs them side by side and returns when the last has ended. Cancellation reaches each of them; what one of them
/// throws is rethrown, but not before all have ended.
task<> side_by_side(std::vector<task<>> works);

/// `from`, with its result kept in `to`, which must live until then.
template <class T>
task<> into(T& to, task<T> from)
{
    to = co_await std::move(from);
}

}  // namespace nodescope
