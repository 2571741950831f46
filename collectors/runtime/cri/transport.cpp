#include "collectors/runtime/cri/transport.hpp"

#include "collectors/http_client/failures.hpp"
#include "collectors/http_client/http_client.hpp"
#include "core/files/root.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <utility>

#include <unistd.h>

namespace nodescope::cri {

namespace {

error failed_connect(const std::string& where, const http_client::round_trip_failure& why)
{
    if (why.kind == failure::denied) {
        return error(failure::denied,
                     fmt::format("Permission denied while trying to connect to the container runtime at {} as uid {}, "
                                 "gid {}",
                                 where, ::geteuid(), ::getegid()));
    }
    if (why.kind == failure::unavailable || why.kind == failure::gone) {
        return error(
            failure::unavailable,
            fmt::format("Cannot connect to the container runtime at {} ({}). Is it running?", where, why.message));
    }
    return error(why.kind, why.message);
}

}  // namespace

transport::transport(boost::asio::any_io_executor executor, endpoint_choice where, steady_clock::duration timeout)
    : executor_(std::move(executor)), where_(std::move(where)), opening_(timeout)
{
}

transport::~transport()
{
    if (current_) current_->close();
}

task<call_end> transport::call(call_request what, deadline limit)
{
    call_end how;
    for (int attempt = 0; attempt < 2; ++attempt) {
        const auto on = co_await usable(limit);
        if (!on) {
            how = call_end();
            how.unanswered = on.error();
            co_return how;
        }
        how = co_await (*on)->call(what, limit);
        const bool again = how.unanswered && how.untouched && how.unanswered->kind() == failure::unavailable;
        if (!again) co_return how;
        if (current_ == *on) current_.reset();
    }
    co_return how;
}

task<result<transport::shared_connection>> transport::usable(deadline limit)
{
    if (current_ && current_->takes_calls()) co_return current_;
    current_.reset();
    const auto begin = [this](deadline own) { return open(own); };
    co_return co_await opening_.join("connect", limit, begin);
}

task<result<transport::shared_connection>> transport::open(deadline limit)
{
    const auto where = where_.chosen();
    if (!where) co_return where_.nobody();
    const std::string shown = "unix://" + where->shown();
    const unique_fd socket = files::open(*where, O_PATH);
    if (!socket) {
        const boost::system::error_code code(errno, boost::system::system_category());
        co_return failed_connect(shown, http_client::failed_in(http_client::phase::connect, code, limit));
    }
    // By its descriptor: links of the node would lead the path out of the root.
    http_client::endpoint to(http_client::endpoint::transport::unix_socket, files::path_of(socket), "", 0);
    http_client::connector connector(executor_, std::move(to), std::nullopt);
    auto opened = co_await connector.open(limit);
    if (!opened.made) co_return failed_connect(shown, opened.why);
    current_ = connection::start(executor_, std::move(opened.made), session_limits());
    co_return current_;
}

void transport::drop_idle()
{
    if (current_ && current_->calls() == 0) current_->close();
    // Nothing else begins on it, and the last call closes it.
    else if (current_) current_->close_when_idle();
    current_.reset();
}

}  // namespace nodescope::cri
