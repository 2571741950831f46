// cAdvisor's events: the options of a request for them, and how one is shown.
#pragma once

#include "collectors/cadvisor/containers.hpp"
#include "server/api/cadvisor/request.hpp"
#include "server/http/message.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace nodescope::api {

struct event_request {
    event_request() = default;
    cadvisor::event_filter filter;
    bool stream = false;
};

/// failure::invalid for a stream with a start or an end. A value that does not parse counts as absent.
result<event_request> read_event_request(const cadvisor_request& asked);

/// About what events_json() takes.
std::size_t event_bytes(const cadvisor::event_list& events);
/// A list.
std::string events_json(const cadvisor::event_list& events);

/// 200 without Content-Type: one object a line, each sent when it happens.
http::reply event_stream_reply(std::unique_ptr<cadvisor::event_stream> events);

}  // namespace nodescope::api
