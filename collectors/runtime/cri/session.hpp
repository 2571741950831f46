// The client's side of one HTTP/2 connection with gRPC on it, without the connection: bytes go in, bytes come out, and
// calls end. libnghttp2 does the framing and the header compression; what a peer may cost is bounded here.
#pragma once

#include "collectors/runtime/cri/grpc_frame.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/event.hpp"
#include "core/resident_memory.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::cri {

struct session_limits {
    session_limits() = default;
    std::size_t message = 16U << 20U;    ///< bytes of one answer, as gRPC's own clients of CRI take
    std::size_t messages = 32U << 20U;   ///< bytes of all answers that are arriving
    std::size_t header_list = 16 << 10;  ///< bytes of the headers of one answer, counted as HTTP/2 does
    std::size_t streams = 8;             ///< calls at once
    /// Frames that bring nothing (settings, pings, resets, empty data) in a second, beside those that calls bring.
    std::size_t control_frames = 1000;
};

/// How a call ended: with gRPC's status and a message, or not by an answer.
struct call_end {
    call_end() = default;
    unsigned status = 0;              ///< of gRPC
    std::string text;                 ///< of the status, decoded
    std::string message;              ///< where the status is ok
    std::optional<error> unanswered;  ///< then nothing of the above counts
    bool untouched = false;           ///< the peer has said nothing of it: it may be asked again
};

/// A call that is under way. It is shared with whoever waits for `ended`.
struct pending_call {
    explicit pending_call(std::size_t limit) : reader(limit) {}
    call_end how;
    bool over = false;
    event ended;

    // What the session knows of it.
    std::string request;
    std::size_t sent = 0;
    message_reader reader;
    reading_check memory;
    std::size_t header_bytes = 0;
    std::optional<unsigned> http_status;
    bool is_grpc = false;
    std::optional<unsigned> grpc_status;
    std::string grpc_text;
};

/// A call that is begun: the full path of the method, and its message.
struct call_request {
    call_request(std::string p, std::string m) : path(std::move(p)), message(std::move(m)) {}
    std::string path;
    std::string message;
};

/// Reactor thread only. Not copied, as the library has its address.
class session {
public:
    explicit session(session_limits limits);
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session();

    /// Appends what is to be sent.
    void take_output(std::string& out);
    /// A failure is the end of the connection: the peer does not keep to the protocol, or to the limits. All calls have
    /// ended then.
    result<void> receive(std::string_view bytes, steady_clock::time_point now);
    /// The number of its stream; the call ends at the deadline on the peer's side too.
    result<std::int32_t> begin(const call_request& call, deadline limit, std::shared_ptr<pending_call> pending);
    /// The peer is told, and nobody else: the caller knows.
    void cancel(std::int32_t stream);
    /// The connection is gone: every call ends with this.
    void lost(const error& why, bool untouched);
    /// Whether calls can still be begun here.
    [[nodiscard]] bool takes_calls() const noexcept;
    [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }
    [[nodiscard]] const session_limits& limits() const noexcept { return limits_; }

private:
    struct callbacks;
    struct native;

    void collect(std::string& out);
    [[nodiscard]] pending_call* find(std::int32_t stream);
    void end(std::int32_t stream, call_end how);
    void end_of_stream(std::int32_t stream, std::uint32_t code);
    [[nodiscard]] call_end answer_of(pending_call& call) const;
    void refuse(std::int32_t stream, error why);
    void take_header(pending_call& call, std::string_view name, std::string_view value);
    void take_data(std::int32_t stream, std::string_view piece);
    bool count_frame(bool brings_nothing);

    const session_limits limits_;
    std::unique_ptr<native> native_;
    std::map<std::int32_t, std::shared_ptr<pending_call>> calls_;
    std::string output_;  ///< what receive() has brought about
    std::string reason_;  ///< why the library gave up
    bool goes_away_ = false;
    std::size_t arriving_ = 0;  ///< bytes of answers that are not whole yet
    steady_clock::time_point now_{};
    steady_clock::time_point second_began_{};
    std::size_t control_frames_ = 0;
    std::size_t calls_begun_ = 0;  ///< in that second
};

}  // namespace nodescope::cri
