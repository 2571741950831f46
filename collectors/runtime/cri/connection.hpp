// One connection to a CRI runtime, on which calls run side by side: a session, and the socket that it sends and
// receives through.
#pragma once

#include "collectors/http_client/connection.hpp"
#include "collectors/runtime/cri/session.hpp"
#include "core/deadline.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace nodescope::cri {

/// Reactor thread only. Coroutines of its own keep it alive for as long as the socket is open.
class connection : public std::enable_shared_from_this<connection> {
    struct only_by_start {};

public:
    connection(only_by_start, boost::asio::any_io_executor executor, std::unique_ptr<http_client::connection> link,
               session_limits limits);
    /// On a socket that is connected.
    static std::shared_ptr<connection> start(boost::asio::any_io_executor executor,
                                             std::unique_ptr<http_client::connection> link, session_limits limits);

    /// One call and its answer. At the deadline, and when the asker is cancelled, the peer is told that nobody waits.
    task<call_end> call(call_request what, deadline limit);
    [[nodiscard]] bool takes_calls() const noexcept { return !closed_ && !last_calls_ && session_.takes_calls(); }
    [[nodiscard]] std::size_t calls() const noexcept { return session_.calls(); }
    /// Takes no more calls, and closes with the end of the last.
    void close_when_idle() noexcept;
    /// Ends everything that waits for the socket, in the reactor's next turn.
    void close() noexcept;

private:
    class ends_call;
    static task<> receive(std::shared_ptr<connection> self);
    static task<> send(std::shared_ptr<connection> self);
    /// Sends what the socket takes at once; the rest waits for the next flush() or `send`.
    void send_now();
    void flush();
    void fail(const error& why, bool untouched);
    void run(task<> work);

    const boost::asio::any_io_executor executor_;
    const std::unique_ptr<http_client::connection> link_;
    session session_;
    std::string out_;
    bool sending_ = false;
    bool closed_ = false;
    bool last_calls_ = false;
};

}  // namespace nodescope::cri
