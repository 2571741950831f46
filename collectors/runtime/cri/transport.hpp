// The connection to the runtime: made when it is needed, kept while it holds, and one for all calls.
#pragma once

#include "collectors/runtime/cri/connection.hpp"
#include "collectors/runtime/cri/endpoint.hpp"
#include "core/shared_calls.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace nodescope::cri {

/// Reactor thread only. Outlives its calls, or ends after the reactor.
class transport {
public:
    /// `timeout` bounds connecting, whoever asks for it.
    transport(boost::asio::any_io_executor executor, endpoint_choice where, steady_clock::duration timeout);
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;
    ~transport();

    /// A call that a connection did not answer at all, because it was closed or going away, is sent once more on a
    /// fresh one.
    task<call_end> call(call_request what, deadline limit);
    /// Closes the connection, after the calls that are on it.
    void drop_idle();
    [[nodiscard]] const endpoint_choice& where() const noexcept { return where_; }

private:
    using shared_connection = std::shared_ptr<connection>;
    task<result<shared_connection>> usable(deadline limit);
    task<result<shared_connection>> open(deadline limit);

    const boost::asio::any_io_executor executor_;
    const endpoint_choice where_;
    shared_connection current_;
    shared_calls<shared_connection> opening_;
};

}  // namespace nodescope::cri
