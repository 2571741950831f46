// What a failed step means: the phase it died in, the kind, and the clause a person reads.
#pragma once

#include "collectors/http_client/http_client.hpp"

#include <boost/system/error_code.hpp>

namespace nodescope::http_client {

/// "no response header within 10s" and its like.
round_trip_failure timed_out_in(phase where, const deadline& limit);

/// For an error code of Asio or OpenSSL, or of Beast's parser (`body_limit` is for the message of a body too large).
round_trip_failure failed_in(phase where, const boost::system::error_code& code, const deadline& limit,
                             std::size_t body_limit = 0);

/// The peer closed the connection: before the first byte of an answer, or in the middle of one.
round_trip_failure closed_in(phase where, bool any_byte_received);

/// True for the errors by which a closed connection shows itself.
bool is_closed(const boost::system::error_code& code) noexcept;

}  // namespace nodescope::http_client
