// Frames of HTTP/2 and fields of protobuf as bytes, written without the libraries that the service uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::cri::bytes {

enum frame_type : std::uint8_t { data = 0, headers = 1, rst_stream = 3, settings = 4, ping = 6, goaway = 7 };
constexpr std::uint8_t end_stream = 1;
constexpr std::uint8_t end_headers = 4;

inline std::string big_endian(std::size_t number, unsigned size)
{
    std::string out;
    while (size-- > 0) out += static_cast<char>((number >> (8U * size)) & 0xffU);
    return out;
}

inline std::string frame(std::uint8_t type, std::string_view payload, std::uint8_t flags = 0, std::uint32_t stream = 0)
{
    std::string out = big_endian(payload.size(), 3);
    out += static_cast<char>(type);
    out += static_cast<char>(flags);
    return out + big_endian(stream, 4) + std::string(payload);
}

/// A length as HPACK writes it, with a prefix of seven bits.
inline std::string hpack_length(std::size_t size)
{
    if (size < 127) return std::string(1, static_cast<char>(size));
    std::string out(1, '\x7f');
    for (size -= 127; size > 127; size >>= 7U) out += static_cast<char>((size & 127U) | 128U);
    return out += static_cast<char>(size);
}

using fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline std::string header_frame(std::uint32_t stream, fields all, std::uint8_t flags = 0)
{
    std::string block;
    for (const auto& [name, value] : all) {
        block += '\0';
        block += hpack_length(name.size()) + std::string(name) + hpack_length(value.size()) + std::string(value);
    }
    return frame(headers, block, end_headers | flags, stream);
}

inline std::string varint(std::uint64_t number)
{
    std::string out;
    for (; number > 127; number >>= 7U) out += static_cast<char>((number & 127U) | 128U);
    return out += static_cast<char>(number);
}

inline std::string text_field(unsigned number, std::string_view text)
{
    return varint(number << 3U | 2U) + varint(text.size()) + std::string(text);
}

inline std::string number_field(unsigned number, std::uint64_t value) { return varint(number << 3U) + varint(value); }

inline std::string entry_field(unsigned number, std::string_view key, std::string_view value)
{
    return text_field(number, text_field(1, key) + text_field(2, value));
}

}  // namespace nodescope::cri::bytes
