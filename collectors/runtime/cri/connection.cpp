#include "collectors/runtime/cri/connection.hpp"

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <sys/socket.h>

#include <array>
#include <exception>
#include <utility>

namespace nodescope::cri {

namespace asio = boost::asio;

namespace {

/// What waits for a peer that does not read. Calls are some hundred bytes each.
constexpr std::size_t unsent_limit = 1U << 20U;
/// A frame of usual size.
constexpr std::size_t piece_bytes = 16U << 10U;

error closed() { return error(failure::unavailable, "it has closed the connection"); }

error failed_send(const boost::system::error_code& code)
{
    if (code == asio::error::broken_pipe || code == asio::error::connection_reset) return closed();
    return error(failure::unavailable, "send: " + code.message());
}

}  // namespace

/// Ends a call that its asker leaves before the answer, by whichever way.
class connection::ends_call {
public:
    ends_call(connection& of, std::int32_t stream, const pending_call& call) : of_(of), stream_(stream), call_(call) {}
    ends_call(const ends_call&) = delete;
    ends_call& operator=(const ends_call&) = delete;
    ~ends_call()
    {
        if (!call_.over) {
            of_.session_.cancel(stream_);
            // No coroutine is begun here: the reactor may be at its end.
            if (!of_.closed_) of_.send_now();
        }
        if (of_.last_calls_) of_.close_when_idle();
    }

private:
    connection& of_;
    const std::int32_t stream_;
    const pending_call& call_;
};

connection::connection(only_by_start, asio::any_io_executor executor, std::unique_ptr<http_client::connection> link,
                       session_limits limits)
    : executor_(std::move(executor)), link_(std::move(link)), session_(limits)
{
    link_->expires_never();
}

std::shared_ptr<connection> connection::start(asio::any_io_executor executor,
                                              std::unique_ptr<http_client::connection> link, session_limits limits)
{
    auto made = std::make_shared<connection>(only_by_start(), std::move(executor), std::move(link), limits);
    made->run(receive(made));
    return made;
}

task<call_end> connection::call(call_request what, deadline limit)
{
    const std::shared_ptr<connection> self = shared_from_this();
    const auto pending = std::make_shared<pending_call>(session_.limits().message);
    call_end how;
    // The peer may have closed it between its beginning and this call.
    if (!takes_calls()) {
        how.unanswered = closed();
        how.untouched = true;
        co_return how;
    }
    const auto stream = session_.begin(what, limit, pending);
    if (!stream) {
        how.unanswered = stream.error();
        how.untouched = true;
        co_return how;
    }
    const ends_call whatever_happens(*this, *stream, *pending);
    flush();
    const wait_end ended = co_await pending->ended.wait(limit);
    if (pending->over) co_return std::move(pending->how);
    if (ended == wait_end::cancelled) {
        how.unanswered = error(failure::cancelled, "the caller went away");
    } else {
        const bool begun = pending->http_status.has_value() || pending->reader.has_begun();
        how.unanswered = error(failure::timed_out, fmt::format("{} within {}", begun ? "no whole answer" : "no answer",
                                                               duration_text(limit.limit())));
    }
    co_return how;
}

void connection::close_when_idle() noexcept
{
    last_calls_ = true;
    if (session_.calls() == 0) close();
}

void connection::close() noexcept
{
    closed_ = true;
    ::shutdown(link_->descriptor(), SHUT_RDWR);
}

task<> connection::receive(std::shared_ptr<connection> self)
{
    std::array<char, piece_bytes>
        piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): it is written before it is read
    for (;;) {
        const auto [code, size] = co_await self->link_->read_some(asio::buffer(piece));
        if (code || size == 0) break;
        const auto taken = self->session_.receive({piece.data(), size}, steady_clock::now());
        self->flush();
        if (taken) continue;
        self->fail(taken.error(), false);
        co_return;
    }
    self->fail(closed(), false);
}

task<> connection::send(std::shared_ptr<connection> self)
{
    while (!self->out_.empty() && !self->closed_) {
        // What is appended meanwhile must not move what is being sent.
        const std::string sent = std::exchange(self->out_, {});
        std::size_t done = 0;
        while (done < sent.size()) {
            const auto [code, size] = co_await self->link_->write_some(asio::buffer(sent) + done);
            if (code) co_return self->fail(failed_send(code), false);
            done += size;
        }
    }
    self->sending_ = false;
}

void connection::send_now()
{
    session_.take_output(out_);
    if (sending_ || out_.empty()) return;
    out_.erase(0, link_->send_now(out_));
}

void connection::flush()
{
    if (closed_) return;
    send_now();
    if (out_.size() > unsent_limit) {
        fail(error(failure::unavailable, fmt::format("it has not read {} bytes", out_.size())), false);
        return;
    }
    if (sending_ || out_.empty()) return;
    sending_ = true;
    run(send(shared_from_this()));
}

void connection::fail(const error& why, bool untouched)
{
    session_.lost(why, untouched);
    close();
}

void connection::run(task<> work)
{
    auto ended = [self = shared_from_this()](const std::exception_ptr& thrown) {
        if (thrown) self->fail(error(failure::internal, "the connection ended unexpectedly"), false);
    };
    asio::co_spawn(executor_, std::move(work), std::move(ended));
}

}  // namespace nodescope::cri
