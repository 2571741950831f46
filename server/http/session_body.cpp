// The body of a request: receiving and decoding it.
#include "server/http/session.hpp"

#include <algorithm>

namespace nodescope::http {

task<session::read_outcome> session::read_body()
{
    if (!head_.has_body()) co_return read_outcome::complete;
    if (head_.expects_continue && unread().empty()) {
        const bool sent = co_await write_all("HTTP/1.1 100 Continue\r\n\r\n", std::string_view());
        if (!sent) co_return read_outcome::ended;
    }
    enter(phase::reading, environment_.options.body_timeout);
    while (!decode_body()) {
        if (refusal_) co_return read_outcome::refused;
        if (co_await read_some()) continue;
        if (interruption_ != interruption::timed_out) {
            log_request(interruption_ == interruption::cut ? 503 : client_closed_request, 0);
            co_return read_outcome::ended;
        }
        refusal_ = {408, "the request body did not arrive in time"};
        co_return read_outcome::refused;
    }
    request_.body = parser_.take_body();
    co_return read_outcome::complete;
}

/// Takes what has arrived of the body. True when it is complete; with a refusal it never will be.
bool session::decode_body()
{
    if (begin_ == end_) return false;
    std::size_t scanned = 0;
    auto framing = chunk_scanner::state::incomplete;
    if (head_.chunked) framing = chunks_.scan(unread().substr(chunks_scanned_), scanned);
    chunks_scanned_ += scanned;
    std::size_t used = 0;
    const auto decoded = parser_.feed(unread(), used);
    begin_ += used;
    if (framing == chunk_scanner::state::malformed || decoded == message_parser::state::malformed) {
        refusal_ = {400, "malformed request body"};
    } else if (decoded == message_parser::state::too_large) {
        refusal_ = body_too_large;
    } else if (head_.chunked) {
        // Both must see the same end.
        const bool both = framing == chunk_scanner::state::complete && decoded == message_parser::state::complete;
        const bool neither = framing == chunk_scanner::state::incomplete && decoded == message_parser::state::need_more;
        if ((!both && !neither) || (both && chunks_scanned_ != used)) refusal_ = {400, "malformed request body"};
        chunks_scanned_ -= std::min(used, chunks_scanned_);
    }
    if (refusal_) return false;
    if (decoded == message_parser::state::complete) return true;
    compact();
    // The decoder keeps no more than one line in the buffer, and the scanner lets no line be that long.
    if (end_ == input_.size()) refusal_ = {400, "malformed request body"};
    return false;
}

}  // namespace nodescope::http
