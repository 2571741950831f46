// Every request this service may send to a Docker Engine: a fixed table of reads, and the one function that
// makes a path out of typed parts.
#pragma once

#include "collectors/runtime/docker/docker_client.hpp"
#include "core/json/reader.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::docker {

/// The Engine API's version, as in "1.41".
struct api_version {
    unsigned major_number = 0;
    unsigned minor_number = 0;
    // clang-tidy 14 takes the comparison with 0 in a defaulted <=> for one of a pointer.
    friend auto operator<=>(const api_version&, const api_version&) = default;  // NOLINT(modernize-use-nullptr)
};

inline constexpr api_version oldest_version{1, 24};
inline constexpr api_version newest_version{1, 56};

std::string to_string(api_version value);
std::optional<api_version> parse_api_version(std::string_view text) noexcept;
/// The version to speak with an engine whose `Api-Version` header is this: the lower of its newest and ours,
/// 1.24 without a header. failure::failed below 1.24, failure::malformed when it is not a version.
result<api_version> negotiate_version(engine_kind of, std::string_view header);

/// Why there is no version that both speak, by the body of GET /version of an engine that has refused ours as too old:
/// its MinAPIVersion is above our newest. Nothing where the body does not say so.
std::optional<error> too_new_for_us(engine_kind of, std::string_view body);

enum class api_read { ping, spoken_versions, info, version, container_list, container_inspect };

struct api_route {
    api_read what;
    std::string_view method;
    std::string_view path;  ///< "{id}" stands for the container
    bool versioned;
    json_kind answer;
};

/// All of them. There is no other place where a path of the Engine API is written.
inline constexpr api_route api_routes[] = {
    {api_read::ping, "GET", "/_ping", false, json_kind::null},
    {api_read::spoken_versions, "GET", "/version", false, json_kind::object},
    {api_read::info, "GET", "/info", true, json_kind::object},
    {api_read::version, "GET", "/version", true, json_kind::object},
    {api_read::container_list, "GET", "/containers/json", true, json_kind::array},
    {api_read::container_inspect, "GET", "/containers/{id}/json", true, json_kind::object},
};

const api_route& route_of(api_read what) noexcept;

/// One request, named once for messages and built once per API version.
struct api_call {
    explicit api_call(api_read w) : what(w) {}
    api_read what;
    std::optional<container_reference> container;
    std::string query;  ///< already encoded, without '?'
};

/// "docker: GET /containers/0123456789ab/json": what messages say. Without version and query, the id cut to a readable
/// length.
std::string operation_name(engine_kind of, const api_call& call);
/// The query of a list that has them all, and not those that run only.
inline constexpr std::string_view all_containers = "all=1";
std::string request_target(const api_call& call, std::string_view base_path, api_version version);

/// The value of `filters` that selects containers by these labels ("key=value").
std::string label_filter(const std::vector<std::string>& labels);

}  // namespace nodescope::docker
