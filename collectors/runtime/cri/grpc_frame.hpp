// What gRPC puts around messages on HTTP/2 (as grpc/grpc writes it down): five bytes before each, a timeout, and a
// status with a sentence behind the last. Pure.
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nodescope::cri {

/// The numbers of grpc-status that mean something to us.
enum class grpc_code : unsigned {
    ok = 0,
    invalid_argument = 3,
    deadline_exceeded = 4,
    not_found = 5,
    permission_denied = 7,
    resource_exhausted = 8,
    unimplemented = 12,
    unavailable = 14,
};

/// "123m": milliseconds in at most eight digits, at least one.
std::string grpc_timeout(steady_clock::duration left);
/// The message with what stands before it on the wire. It is never compressed.
std::string framed_message(std::string_view message);
/// %41 as 'A'; what is no such escape stays.
std::string decoded_grpc_message(std::string_view text);
/// How an answer of a method that has exactly one message arrives, in pieces of any size.
class message_reader {
public:
    /// `limit` in bytes.
    explicit message_reader(std::size_t limit) : limit_(limit) {}
    /// failure::too_large as soon as the length is known; failure::malformed for a compressed message or a second one.
    result<void> take(std::string_view piece);
    [[nodiscard]] bool has_begun() const noexcept { return head_size_ > 0; }
    [[nodiscard]] bool is_whole() const noexcept { return head_size_ == head_bytes && body_.size() == length_; }
    [[nodiscard]] std::size_t arrived() const noexcept { return body_.size(); }
    [[nodiscard]] std::size_t announced() const noexcept { return length_; }
    [[nodiscard]] std::string take_message() { return std::move(body_); }

private:
    static constexpr std::size_t head_bytes = 5;
    [[nodiscard]] result<void> read_head();

    const std::size_t limit_;
    unsigned char head_[head_bytes] = {};
    std::size_t head_size_ = 0;
    std::size_t length_ = 0;
    std::string body_;
};

}  // namespace nodescope::cri
