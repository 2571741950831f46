#include "server/api/containers/containers_routes.hpp"

#include "core/text.hpp"
#include "server/api/cadvisor/url_query.hpp"
#include "server/api/network/json_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

/// A note is a sentence.
constexpr std::size_t longest_note_bytes = 512;

/// Who asks twice wants to see what was used in between.
constexpr std::chrono::milliseconds oldest_sample{100};

constexpr std::array<std::string_view, 2> list_parameters{"processes", "ended"};

result<void> check_list_parameters(const url_query& given)
{
    for (const auto& [name, value] : given.all()) {
        if (std::ranges::find(list_parameters, name) != list_parameters.end()) continue;
        return error(failure::invalid,
                     fmt::format("containers: there is no parameter \"{}\": use {}",
                                 escape_untrusted(name, longest_note_bytes), joined(list_parameters, ", ")));
    }
    return {};
}

task<http::reply> containers_answer(const container_list_backends& backends, const http::request& asked)
{
    const url_query parameters(asked.query);
    if (const auto checked = check_list_parameters(parameters); !checked) co_return json_failure(checked.error());
    const auto looking = co_await backends.answers.look(asked.limit);
    if (!looking) co_return json_failure(looking.error());
    cadvisor::query wanted = cadvisor::everything();
    wanted.max_age = oldest_sample;
    auto found = co_await backends.containers.find(std::move(wanted), asked.limit);
    if (!found) co_return json_failure(found.error());
    container_listing all;
    all.views = std::move(*found);
    if (backends.look && parameters.get("processes") != "false") {
        auto told = co_await backends.look(asked.limit);
        if (told) all.processes = std::move(*told);
        else all.notes["processes"] = escape_untrusted(told.error().message(), longest_note_bytes);
    }
    if (parameters.has("ended")) all.ended = backends.containers.ended();
    co_return http::reply(200, "application/json", containers_reply(all, backends.max_reply));
}

}  // namespace

std::vector<http::route> containers_routes(container_list_backends backends)
{
    const auto kept = std::make_shared<const container_list_backends>(std::move(backends));
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/v1/containers",
                        [kept](const http::request& asked) { return containers_answer(*kept, asked); });
    return routes;
}

}  // namespace nodescope::api
