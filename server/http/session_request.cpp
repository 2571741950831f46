// Receiving a request: its head, what is decided from the head alone, and the body.
#include "server/http/session.hpp"

#include "core/deadline.hpp"
#include "server/http/target.hpp"

#include <algorithm>
#include <cstring>

namespace nodescope::http {

namespace {

constexpr refusal no_room_for_body{
    503, "the memory there is for request bodies is taken, by those of others or by other work"};

method method_of(std::string_view text) noexcept
{
    if (text == "GET") return method::get;
    if (text == "HEAD") return method::head;
    if (text == "POST") return method::post;
    return method::other;
}

}  // namespace

/// Reads until the head is complete. It then lies at the start of the buffer, and stays there until read_body().
task<session::read_outcome> session::read_head()
{
    const server_options& options = environment_.options;
    bool begun = end_ > 0;
    if (!begun && environment_.draining && !first_request_ && !transport_.has_pending_input())
        co_return read_outcome::ended;
    received_at_ = steady_clock::now();
    // A client that has connected and says nothing gets no idle time: that is for those that were answered before.
    const bool idle = !begun && !first_request_;
    enter(idle ? phase::idle : phase::reading, received_at_ + (idle ? options.idle_timeout : options.header_timeout));
    if (!begun && environment_.draining) limit_to_grace();
    for (;;) {
        const auto found = scanner_.scan(unread());
        if (found == head_scanner::state::malformed) refusal_ = {400, "malformed request"};
        else if (scanner_.size() > options.max_header) refusal_ = too_large_head();
        if (refusal_) co_return read_outcome::refused;
        if (found == head_scanner::state::complete) break;

        if (!co_await read_some()) {
            if (begun && interruption_ == interruption::timed_out) {
                refusal_ = {408, "the request header did not arrive in time"};
                co_return read_outcome::refused;
            }
            if (begun) log_request(interruption_ == interruption::cut ? 503 : client_closed_request, 0);
            co_return read_outcome::ended;
        }
        if (begun) continue;
        begun = true;
        received_at_ = steady_clock::now();
        if (idle || environment_.draining) enter(phase::reading, received_at_ + options.header_timeout);
    }
    first_request_ = false;
    co_return read_outcome::complete;
}

refusal session::too_large_head() const
{
    const bool in_request_line = std::memchr(input_.data(), '\n', end_) == nullptr;
    if (in_request_line) return {414, "the request target is too long"};
    return {431, "the request header is too large"};
}

/// Everything that is decided before the gate, in this order: framing, target, Host, Origin, deadline. Copies what the
/// handler will see, for the bytes of the head give way to those of the body.
refusal session::inspect_head()
{
    const server_options& options = environment_.options;
    const std::string_view bytes(input_.data(), scanner_.size());
    head_limits limits;
    limits.target_bytes = options.max_target;
    limits.fields = options.max_header_fields;
    const refusal malformed = parse_head(bytes, limits, head_);
    request_.verb = method_of(head_.method);
    request_.verb_text = head_.method;
    request_.path = head_.target;  // for the log, until the canonical one is known
    if (head_.request_id && is_request_id(*head_.request_id)) request_.request_id = *head_.request_id;
    else request_.request_id = environment_.next_request_id();
    if (malformed) return malformed;

    target_parts target;
    if (const refusal refused = split_target(head_.target, target)) return refused;
    if (head_.host) {
        if (const refusal refused = environment_.origins.check_host(*head_.host)) return refused;
    }
    if (!target.authority.empty()) {
        if (const refusal refused = environment_.origins.check_host(target.authority)) return refused;
    }
    const std::string_view scheme = transport_.tls() == nullptr ? "http" : "https";
    if (const refusal refused = environment_.origins.check_origin(head_, scheme)) return refused;
    if (const refusal refused = read_request_timeout()) return refused;
    request_.query = target.query;
    if (head_.content_type) request_.content_type = *head_.content_type;
    request_.accepts_gzip = head_.accepts_gzip;
    keep_alive_ = head_.keep_alive;
    // Only looked up here; what comes of it is told once the caller is known.
    ambiguous_ = canonical_path(target.path, request_.path);
    if (!ambiguous_) choose_route();
    return {};
}

/// Between the gate and the body.
refusal session::decide_body()
{
    const std::string_view bytes(input_.data(), scanner_.size());
    if (head_.content_length.value_or(0) > body_limit_) return body_too_large;
    parser_.start(body_limit_);
    // Two readings of one head must not differ: what is between them is where requests are smuggled.
    const auto second_reading = parser_.feed(bytes, begin_);
    const bool agreed = second_reading != message_parser::state::malformed && begin_ == bytes.size() &&
                        parser_.agrees(head_.chunked, head_.content_length.value_or(0));
    return agreed ? refusal{} : refusal{400, "malformed request"};
}

/// The whole answer's deadline; a client may ask for less than the configured time, never for more.
refusal session::read_request_timeout()
{
    request_.limit = deadline::in(environment_.options.request_timeout);
    if (!head_.request_timeout) return {};
    const auto asked = parse_duration(*head_.request_timeout);
    if (!asked) return {400, "X-Request-Timeout is not a duration: use 250ms, 5s, 1m or 2h, from 1ms to 24h"};
    request_.limit = deadline::sooner(request_.limit, deadline::in(*asked));
    return {};
}

void session::choose_route()
{
    const router::match match = environment_.routes.find(request_.verb, request_.path);
    route_ = match.found;
    allow_ = match.allow;
    // The longest where no route asks for more.
    body_limit_ = free_body_bytes;
    if (route_ == nullptr) {
        unrouted_ = allow_.empty() ? refusal{404, "there is nothing at this path"} : refusal{405, {}};
    } else if (route_->verb == method::post) {
        body_limit_ = std::min(route_->body_limit, environment_.options.max_body);
        if (head_.content_type && !is_json_content_type(*head_.content_type)) {
            unrouted_ = {415, "the Content-Type must be application/json"};
        }
    }
}

task<session::read_outcome> session::read_body()
{
    if (!head_.has_body()) co_return read_outcome::complete;
    if (head_.expects_continue && unread().empty()) {
        const bool sent = co_await write_all("HTTP/1.1 100 Continue\r\n\r\n");
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

/// What has arrived counts from the first byte that a short body does not have.
bool session::charge_body()
{
    const std::size_t arrived = parser_.body_bytes();
    if (arrived <= free_body_bytes) return true;
    if (!body_share_) body_share_ = environment_.memory.bodies.open(claimant_);
    return body_share_->resize((arrived + body_step_bytes - 1) / body_step_bytes * body_step_bytes);
}

void session::forget_body()
{
    parser_.drop();
    // What is assigned to a string leaves it its room.
    std::string().swap(request_.body);
    body_share_.reset();
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
    if (!refusal_ && !charge_body()) refusal_ = no_room_for_body;
    if (refusal_) {
        // The connection may linger for a moment.
        forget_body();
        return false;
    }
    if (decoded == message_parser::state::complete) return true;
    compact();
    // The decoder keeps no more than one line in the buffer, and the scanner lets no line be that long.
    if (end_ == input_.size()) refusal_ = {400, "malformed request body"};
    return false;
}

}  // namespace nodescope::http
