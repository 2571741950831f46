#include "server/http/doorway.hpp"

#include "core/unique_fd.hpp"
#include "server/http/caller_key.hpp"
#include "server/http/traffic.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

#include <sys/socket.h>

namespace nodescope::http {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// How long nothing is accepted when there is no descriptor left.
constexpr milliseconds accept_pause{100};

/// Connections taken, and connections let in, before the sessions get their turn again: a millisecond each.
constexpr std::size_t accept_batch = 64;
constexpr std::size_t admit_batch = 16;

/// When so many are waiting to be looked up, no more are taken. They are looked up together, in one visit to a worker.
constexpr std::size_t waiting_limit = 128;

/// Whether the client has gone, or has ended its side, without a byte. Who has sent a request and ended its side still
/// waits for the answer.
bool is_over(const arrival& one)
{
    char first = 0;
    const ssize_t got = ::recv(one.socket.get(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/// Nobody waits for our end of it: a reset costs the kernel a third less than the exchange that ends a connection in
/// good order.
void forget(arrival& one)
{
    constexpr linger at_once{1, 0};
    ::setsockopt(one.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    one.socket.reset();
}

void identify(arrival& one)
{
    peer_info& peer = one.peer;
    if (peer.remote.ss_family != AF_UNIX) {
        peer.text = address_text(peer.remote);
        peer.limited_by = caller_key(peer);
        return;
    }
    const int descriptor = one.socket.get();
    // Not inherited, unlike what a TCP socket has.
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &unsent_bytes, sizeof(unsent_bytes));
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) peer.uid = credentials.uid;
    peer.text = peer.uid ? fmt::format("unix:uid={}", *peer.uid) : "unix:uid=?";
}

}  // namespace

doorway::doorway(listener opened, asio::any_io_executor executor, session_environment& environment,
                 connection_table& connections)
    : executor_(std::move(executor)),
      environment_(environment),
      connections_(connections),
      socket_(std::move(opened)),
      readable_(executor_, socket_.take_socket().release())
{
}

void doorway::close()
{
    // Not close(): for that, Asio leaves the descriptor in its epoll set, counting on the kernel to take it out.
    // The kernel does not while the service manager holds the same socket, and would report on freed memory.
    if (readable_.is_open()) const unique_fd ours(readable_.release());
    changed_.notify();
}

task<> doorway::accept()
{
    asio::steady_timer pause(executor_);
    while (!environment_.draining) {
        if (waiting_.size() >= waiting_limit) {
            [[maybe_unused]] const wait_end how = co_await changed_.wait(deadline::in(long_wait));
            continue;
        }
        auto [failed] = co_await readable_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
        if (failed) continue;
        for (std::size_t taken = 0; taken < accept_batch; ++taken) {
            if (!accept_one()) break;
        }
        if (!waiting_.empty()) changed_.notify();
        if (!std::exchange(out_of_descriptors_, false)) continue;
        pause.expires_after(accept_pause);
        co_await pause.async_wait(as_result);
    }
    accepting_ = false;
    changed_.notify();
}

/// False when there is nothing to take, or nothing to take it with.
bool doorway::accept_one()
{
    arrival taken;
    socklen_t size = sizeof(taken.peer.remote);
    taken.socket.reset(::accept4(readable_.native_handle(), reinterpret_cast<sockaddr*>(&taken.peer.remote), &size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!taken.socket) return may_go_on(errno);
    // In a flood of them most are by now, and are worth no look at who they were.
    if (is_over(taken)) {
        forget(taken);
        return true;
    }
    identify(taken);
    waiting_.push_back(std::move(taken));
    return true;
}

/// After accept() failed with `code`.
bool doorway::may_go_on(int code)
{
    switch (code) {
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
            // The connection stays in the queue, so the socket stays readable: without a pause this would spin.
            ++environment_.statistics.accept_pauses;
            environment_.log.write(log_level::warning, "cannot accept a connection",
                                   {{"address", name()}, {"error", from_errno(code, "accept").message()}});
            out_of_descriptors_ = true;
            return false;
        case EAGAIN:
        case EBADF: return false;
        default: return true;  // the connection failed before it was taken (accept(2)): the next one may be sound
    }
}

task<> doorway::let_in()
{
    while (accepting_ || !waiting_.empty()) {
        if (waiting_.empty()) {
            [[maybe_unused]] const wait_end how = co_await changed_.wait(deadline::in(long_wait));
            continue;
        }
        try {
            auto admitting = admit(std::exchange(waiting_, {}));
            changed_.notify();
            co_await std::move(admitting);
        } catch (const std::exception& failed) {
            environment_.log.write(log_level::error, "connections were not let in",
                                   {{"address", name()}, {"error", failed.what()}});
        }
    }
}

task<> doorway::admit(std::vector<arrival> newcomers)
{
    co_await environment_.security.admission->recognise(newcomers);
    std::size_t admitted = 0;
    for (arrival& one : newcomers) {
        // It may have ended while it waited.
        if (is_over(one)) {
            forget(one);
            continue;
        }
        connections_.admit(std::move(one));
        if (++admitted % admit_batch == 0) co_await asio::post(executor_, asio::use_awaitable);
    }
}

}  // namespace nodescope::http
