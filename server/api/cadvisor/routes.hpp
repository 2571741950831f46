// The routes of cAdvisor's REST API v2.0 and v2.1: which request type answers a path, and what is said when none does
// (docs/cadvisor.md, "Requests"). What a request type answers is in the files beside this one.
#pragma once

#include "core/error.hpp"
#include "server/api/cadvisor/request.hpp"
#include "server/http/message.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::api {

enum class cadvisor_version { v2_0, v2_1, both };

/// One request type, "stats". Its options have been read; what `answer` is given lives until it has answered.
struct cadvisor_request_type {
    using handler = std::function<task<http::reply>(const cadvisor_request&)>;
    cadvisor_request_type(cadvisor_version v, std::string n, handler h)
        : version(v), name(std::move(n)), answer(std::move(h))
    {
    }
    cadvisor_version version;
    std::string name;
    handler answer;
};

/// Everything below "/api", whatever the method. A type stands once for each version.
std::vector<http::route> cadvisor_routes(const std::vector<cadvisor_request_type>& types);

/// 200 with compact JSON.
http::reply cadvisor_json(std::string body);

/// 500 with the sentence, whatever went wrong; but 503 when the service sheds load. Bytes from outside are escaped.
http::reply cadvisor_failure(const error& why);

}  // namespace nodescope::api
