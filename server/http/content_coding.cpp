#include "server/http/content_coding.hpp"

#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <boost/beast/zlib/deflate_stream.hpp>
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
    boost::crc_32_type checksum;
    checksum.process_bytes(plain.data(), plain.size());
    append_little_endian(out, checksum.checksum());
    append_little_endian(out, static_cast<std::uint32_t>(plain.size()));
    return out;
}

}  // namespace nodescope::http
