#include "collectors/http_client/failures.hpp"

#include <fmt/format.h>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

namespace nodescope::http_client {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

struct phase_words {
    std::string_view name;
    std::string_view not_in_time;
};
/// In the order of the enumerators.
constexpr std::array<phase_words, 6> words_of_phases{{
    {"resolve", "host name not resolved"},
    {"connect", "no connection"},
    {"TLS handshake", "TLS handshake not finished"},
    {"send", "request not sent"},
    {"header", "no response header"},
    {"body", "response body not complete"},
}};

const phase_words& words_of(phase value) { return words_of_phases.at(static_cast<std::size_t>(value)); }

}  // namespace

std::string_view to_string(phase value) noexcept { return words_of(value).name; }

std::string_view response::header(std::string_view name) const noexcept
{
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& one) { return one.first == name; });
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

round_trip_failure timed_out_in(phase where, const deadline& limit)
{
    return round_trip_failure(where, failure::timed_out, ETIMEDOUT,
                              fmt::format("{} within {}", words_of(where).not_in_time, duration_text(limit.limit())));
}

bool is_closed(const error_code& code) noexcept
{
    return code == asio::error::eof || code == asio::error::connection_reset || code == asio::error::broken_pipe ||
           code == asio::error::not_connected || code == asio::ssl::error::stream_truncated;
}

round_trip_failure closed_in(phase where, bool any_byte_received)
{
    if (!any_byte_received) {
        return round_trip_failure(where, failure::unavailable, ECONNRESET,
                                  "the connection was closed before any byte of the answer");
    }
    return round_trip_failure(
        where, failure::malformed, 0,
        fmt::format("the connection was closed in the middle of the response {}", to_string(where)));
}

round_trip_failure failed_in(phase where, const error_code& code, const deadline& limit, std::size_t body_limit)
{
    if (code == beast::error::timeout) return timed_out_in(where, limit);
    if (code == asio::error::operation_aborted) {
        return round_trip_failure(where, failure::cancelled, ECANCELED, "the caller went away");
    }
    if (code == http::error::body_limit) {
        return round_trip_failure(where, failure::too_large, EMSGSIZE,
                                  fmt::format("the response body is larger than {} bytes", body_limit));
    }
    if (code == http::error::header_limit) {
        return round_trip_failure(where, failure::too_large, EMSGSIZE, "the response header is too large");
    }
    if (code.category() == http::make_error_code(http::error::end_of_stream).category()) {
        return round_trip_failure(where, failure::malformed, 0,
                                  fmt::format("the answer is not proper HTTP ({})", code.message()));
    }
    const bool has_errno = code.category() == boost::system::system_category();
    const int error_number = has_errno ? code.value() : 0;
    failure kind = has_errno ? failure_of_errno(error_number) : failure::unavailable;
    // No socket and no peer are the same to the asker: there is nobody to talk to.
    if (kind != failure::denied && kind != failure::overloaded) kind = failure::unavailable;
    return round_trip_failure(where, kind, error_number, fmt::format("{}: {}", to_string(where), code.message()));
}

}  // namespace nodescope::http_client
