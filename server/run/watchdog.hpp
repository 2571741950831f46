// Proves that the process still does its work: a timer that has crossed the reactor and a thread of every pool.
#pragma once

#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <chrono>
#include <functional>
#include <vector>

namespace nodescope {

/// Calls `alive` several times in each `limit`, for as long as the reactor runs and in each of `pools` a worker has
/// come back from its work since the last call: one that hangs in the kernel costs the answers that wait for it, and a
/// new process could not help it; silent only when all of a pool hang. Ends when cancelled; the pools live until then.
task<> watch_over(std::vector<worker_pool*> pools, std::chrono::microseconds limit, std::function<void()> alive);

}  // namespace nodescope
