#include "collectors/runtime/cri/grpc_frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace nodescope::cri {

std::string grpc_timeout(steady_clock::duration left)
{
    constexpr std::int64_t longest = 99'999'999;
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
    return fmt::format("{}m", std::clamp<std::int64_t>(milliseconds, 1, longest));
}

std::string framed_message(std::string_view message)
{
    const auto size = static_cast<std::uint32_t>(message.size());
    std::string out(1, '\0');
    for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>((size >> shift) & 0xffU);
    out += message;
    return out;
}

std::string decoded_grpc_message(std::string_view text)
{
    constexpr int hexadecimal = 16;
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        unsigned char byte = 0;
        const bool escaped = text.size() >= 3 && text.front() == '%';
        const char* const end = text.data() + std::min<std::size_t>(text.size(), 3);
        if (escaped && std::from_chars(text.data() + 1, end, byte, hexadecimal).ptr == end) {
            out += static_cast<char>(byte);
            text.remove_prefix(3);
        } else {
            out += text.front();
            text.remove_prefix(1);
        }
    }
    return out;
}

result<void> message_reader::read_head()
{
    if (head_[0] != 0) return error(failure::malformed, "its message is compressed, which was not asked for");
    for (std::size_t i = 1; i < head_bytes; ++i) length_ = length_ << 8U | head_[i];
    if (length_ <= limit_) return {};
    return error(failure::too_large,
                 fmt::format("its message has {} bytes, more than the {} that are taken", length_, limit_));
}

result<void> message_reader::take(std::string_view piece)
{
    while (head_size_ < head_bytes && !piece.empty()) {
        head_[head_size_++] = static_cast<unsigned char>(piece.front());
        piece.remove_prefix(1);
        if (head_size_ < head_bytes) continue;
        if (auto read = read_head(); !read) return read;
    }
    if (piece.empty()) return {};
    if (piece.size() > length_ - body_.size()) {
        return error(failure::malformed, "there is more than one message in its answer");
    }
    // Not reserved by what the peer announces: it pays for each byte that we keep.
    body_ += piece;
    return {};
}

}  // namespace nodescope::cri
