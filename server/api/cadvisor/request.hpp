// What a request to cAdvisor's API asks for: the grammar of its paths and options
// (docs/cadvisor.md, "Requests").
#pragma once

#include "collectors/cadvisor/model.hpp"
#include "core/deadline.hpp"
#include "core/error.hpp"
#include "server/api/cadvisor/url_query.hpp"
#include "server/http/fair_budget.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::api {

/// "/api/<version>/<type><container>", the container "/" when nothing follows; "/api/" and "/api/<version>" leave out
/// the rest. Views into the path that was read; `path` is canonical and lies below "/api".
struct cadvisor_path {
    std::string_view version;
    std::string_view type;
    std::string_view container = "/";
};
cadvisor_path split_cadvisor_path(std::string_view path) noexcept;

/// The options that every request may carry.
struct cadvisor_options {
    cadvisor_options() = default;
    cadvisor::query::naming type = cadvisor::query::naming::by_cgroup;
    bool recursive = false;
    std::int64_t count = 64;
    std::optional<std::chrono::nanoseconds> max_age;
    bool follow = true;  ///< measure on between this request and the next

    /// failure::invalid with cAdvisor's message for the first wrong one.
    static result<cadvisor_options> parse(const url_query& given);
};

struct cadvisor_request {
    cadvisor_request() = default;
    std::string container = "/";  ///< as asked for: a cgroup path, or '/' and a container's name or id
    cadvisor_options options;
    url_query parameters;
    http::claimant claimant;                                        ///< whose bytes the answer will be
    deadline limit = deadline::in(steady_clock::duration::zero());  ///< the whole answer

    /// What find() is asked.
    [[nodiscard]] cadvisor::query query() const;
};

}  // namespace nodescope::api
