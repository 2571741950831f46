// Failures as HTTP answers: their sentences, and the status codes of the processor routes.
#pragma once

#include "core/error.hpp"
#include "server/http/message.hpp"

#include <cstddef>
#include <string_view>

namespace nodescope::api {

/// The processor contract: 500 with the sentence for whatever could not be done, because that is what agents of both
/// generations know. Three things are told apart: 421 for a request meant for another node, 422 for
/// a route that is switched off, 503 with Retry-After when the service sheds load. Bytes from outside in the sentence
/// are escaped.
http::reply processor_failure(const error& why);

/// A sentence as plain text, escaped and at most `limit_bytes` long; with Retry-After when the status is 503.
http::reply sentence_reply(unsigned status, std::string_view sentence, std::size_t limit_bytes);

/// Seconds a caller should wait after 503: queues drain within one backend deadline.
inline constexpr unsigned retry_after_seconds = 5;

}  // namespace nodescope::api
