// The one place where a failure becomes an HTTP answer of the processor routes.
#pragma once

#include "core/error.hpp"
#include "server/http/message.hpp"

namespace nodescope::api {

/// The processor contract: 500 with the sentence for whatever could not be done, because that is what agents of both
/// generations know. Three things are told apart: 421 for a request meant for another node, 422 for
/// a route that is switched off, 503 with Retry-After when the service sheds load. Bytes from outside in the sentence
/// are escaped.
http::reply processor_failure(const error& why);

/// Seconds a caller should wait after 503: queues drain within one backend deadline.
inline constexpr unsigned retry_after_seconds = 5;

}  // namespace nodescope::api
