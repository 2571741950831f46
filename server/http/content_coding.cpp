#include "server/http/content_coding.hpp"

#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>
#include <boost/crc.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace nodescope::http {

namespace {

namespace zlib = boost::beast::zlib;

/// zlib's default. Metrics become a quarter smaller than at level 1, in one and a half times its time.
constexpr int level = 6;
constexpr int window_bits = 15;
constexpr int memory_level = 8;

// RFC 1952, 2.3: deflate, no flags, no time, no extra flags, no system.
constexpr std::array<char, 10> header{'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};

/// Of the checksum and the length behind the data.
constexpr std::size_t trailer_bytes = 8;
/// Deflate makes nothing longer than this (258 bytes out of two bits), so a length that says so is wrong.
constexpr std::size_t most_times_longer = 1032;

std::uint32_t little_endian(std::string_view four_bytes) noexcept
{
    std::uint32_t number = 0;
    for (std::size_t at = 4; at-- > 0;) number = number << 8U | static_cast<unsigned char>(four_bytes[at]);
    return number;
}

std::uint32_t checksum_of(std::string_view plain)
{
    boost::crc_32_type checksum;
    checksum.process_bytes(plain.data(), plain.size());
    return checksum.checksum();
}

void append_little_endian(std::string& out, std::uint32_t number)
{
    for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift & 0xffU);
}

/// "q=0", "q=0.000": not acceptable.
bool is_refused(std::string_view parameters) noexcept
{
    const std::size_t equals = parameters.find('=');
    if (equals == std::string_view::npos || !equals_ignoring_case(trimmed(parameters.substr(0, equals)), "q"))
        return false;
    return trimmed(parameters.substr(equals + 1)).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) noexcept
{
    std::optional<bool> named;
    bool any = false;
    for_each_part(accept_encoding, ',', [&](std::string_view element) {
        const std::size_t semicolon = element.find(';');
        const std::string_view coding = trimmed(element.substr(0, semicolon));
        const bool taken = semicolon == std::string_view::npos || !is_refused(element.substr(semicolon + 1));
        if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) named = taken;
        else if (coding == "*") any = taken;
        return true;
    });
    return named.value_or(any);
}

std::optional<std::string> blocking_gzip(std::string_view plain, const abandon_flag& abandoned)
{
    std::string out(header.data(), header.size());
    zlib::deflate_stream deflating;
    deflating.reset(level, window_bits, memory_level, zlib::Strategy::normal);
    zlib::z_params step;
    step.next_in = plain.data();
    step.avail_in = plain.size();
    std::array<char, std::size_t{64} << 10U> piece;
    boost::system::error_code state;
    while (!state) {
        if (abandoned.raised()) return std::nullopt;
        step.next_out = piece.data();
        step.avail_out = piece.size();
        deflating.write(step, zlib::Flush::finish, state);
        out.append(piece.data(), piece.size() - step.avail_out);
    }
    // Any other end is a defect of ours: the plain text is an answer too.
    if (state != zlib::error::end_of_stream) return std::nullopt;
    append_little_endian(out, checksum_of(plain));
    append_little_endian(out, static_cast<std::uint32_t>(plain.size()));
    return out;
}

std::optional<std::string> gunzip(std::string_view coded)
{
    if (coded.size() < header.size() + trailer_bytes) return std::nullopt;
    const std::string_view trailer = coded.substr(coded.size() - trailer_bytes);
    const std::uint32_t length = little_endian(trailer.substr(4));
    if (length > coded.size() * most_times_longer) return std::nullopt;
    std::string out(length, '\0');
    zlib::inflate_stream inflating;
    zlib::z_params step;
    step.next_in = coded.data() + header.size();
    step.avail_in = coded.size() - header.size() - trailer_bytes;
    step.next_out = out.data();
    step.avail_out = out.size();
    boost::system::error_code state;
    inflating.write(step, zlib::Flush::finish, state);
    const bool whole = state == zlib::error::end_of_stream && step.avail_in == 0 && step.avail_out == 0;
    if (!whole || checksum_of(out) != little_endian(trailer)) return std::nullopt;
    return out;
}

}  // namespace nodescope::http
