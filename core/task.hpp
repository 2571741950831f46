// The coroutine type of the project. A task starts when it is awaited (or spawned) and runs on the reactor thread.
// The rules that keep g++ 12 from miscompiling coroutines are in CONTRIBUTING.md and checked by tools/check-coroutines.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace nodescope {

template <class T = void>
using task = boost::asio::awaitable<T>;

}  // namespace nodescope
