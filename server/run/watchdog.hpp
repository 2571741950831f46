// Proves that the process still does its work: a timer that has crossed the reactor and every worker thread.
#pragma once

#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <functional>
#include <vector>

namespace nodescope {

/// Calls `alive` several times in each `limit`, for as long as the reactor runs and every worker of `pools` has come
/// back from its work since the last call; not while one hangs. Ends when cancelled; the pools live
/// until then.
task<> watch_over(std::vector<worker_pool*> pools, std::chrono::microseconds limit, std::function<void()> alive);

}  // namespace nodescope
