// Compiled once for each room of coroutines: what most of its files include, and what costs most to read. A file still
// includes what it uses.
#include "core/error.hpp"
#include "core/task.hpp"
#include "core/worker_pool.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>
