#include "tests/support/run_task.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <stdexcept>

namespace nodescope::testing {

void run_task(boost::asio::io_context& reactor, task<> work)
{
    std::exception_ptr thrown;
    bool ended = false;
    boost::asio::co_spawn(reactor, std::move(work), [&](std::exception_ptr failed) {
        thrown = failed;
        ended = true;
    });
    if (!run_until(reactor, [&] { return ended; })) throw std::runtime_error("the coroutine did not end: it hangs");
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace nodescope::testing
