#include "collectors/runtime/cri/verbose_info.hpp"

#include "collectors/runtime/kept_texts.hpp"
#include "core/json/members.hpp"
#include "core/json/reader.hpp"

#include <limits>
#include <utility>

#include <sys/types.h>

namespace nodescope::cri {

namespace {

constexpr std::size_t info_word_limit = 4096;
constexpr std::size_t container_port_limit = 256;

std::int64_t integer_at(std::string_view json, std::string_view path)
{
    std::int64_t number = 0;
    const auto read = read_json_members(json, {{path, &number}});
    return read ? number : 0;
}

std::string_view slice_at(std::string_view json, std::string_view path)
{
    std::string_view slice;
    const auto read = read_json_members(json, {{path, &slice}});
    return read ? slice : std::string_view();
}

std::string word_at(std::string_view json, std::string_view key)
{
    std::string text = json_text_member(json, key);
    return text.size() <= info_word_limit ? text : std::string();
}

}  // namespace

verbose_facts read_verbose_info(std::string_view json)
{
    verbose_facts facts;
    const auto whole = json_document(json);
    if (!whole || json_kind_of(*whole) != json_kind::object) return facts;
    facts.pid = integer_at(*whole, "pid");
    if (facts.pid < 0 || facts.pid > std::numeric_limits<pid_t>::max()) facts.pid = 0;
    facts.sandbox_id = word_at(*whole, "sandboxID");
    facts.snapshotter = word_at(*whole, "snapshotter");
    facts.image = word_at(*whole, "image");
    facts.low_level_runtime = word_at(*whole, "runtimeType");
    const std::string_view spec = json_member_of_kind(*whole, "runtimeSpec", json_kind::object);
    if (spec.empty()) return facts;
    facts.root_path = word_at(json_member_of_kind(spec, "root", json_kind::object), "path");
    facts.cpu_shares = integer_at(spec, "linux/resources/cpu/shares");
    facts.command = kept_command(slice_at(spec, "process/args"));
    facts.environment = kept_environment(slice_at(spec, "process/env"));
    return facts;
}

std::vector<std::uint16_t> read_container_ports(std::string_view json)
{
    std::vector<std::uint16_t> ports;
    const auto whole = json_document(json);
    if (!whole || json_kind_of(*whole) != json_kind::array) return ports;
    const auto walked = for_each_json_element(*whole, [&](std::string_view one) {
        if (json_kind_of(one) != json_kind::object || ports.size() == container_port_limit) return;
        const std::int64_t port = integer_at(one, "containerPort");
        const std::string protocol = word_at(one, "protocol");
        const bool is_port = port > 0 && port <= std::numeric_limits<std::uint16_t>::max();
        if (is_port && (protocol.empty() || protocol == "TCP")) ports.push_back(static_cast<std::uint16_t>(port));
    });
    if (!walked) ports.clear();
    return ports;
}

}  // namespace nodescope::cri
