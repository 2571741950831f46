#include "collectors/cadvisor/engine_facts.hpp"

#include "core/json/reader.hpp"

#include <utility>

namespace nodescope::cadvisor {

namespace {

/// Longer than any version or path that a daemon has; what goes beyond is left out.
constexpr std::size_t text_limit = 4096;

std::optional<std::string> string_member(std::string_view object, std::string_view key)
{
    const auto member = json_member(object, key);
    if (!member || json_kind_of(*member) != json_kind::string) return std::nullopt;
    auto text = decode_json_string(*member);
    if (!text || text->empty() || text->size() > text_limit) return std::nullopt;
    return std::move(*text);
}

}  // namespace

engine_versions parse_engine_versions(std::string_view body)
{
    engine_versions versions;
    if (auto engine = string_member(body, "Version")) versions.engine = std::move(*engine);
    if (auto api = string_member(body, "ApiVersion")) versions.api = std::move(*api);
    return versions;
}

std::optional<std::string> parse_docker_root(std::string_view info)
{
    auto root = string_member(info, "DockerRootDir");
    if (!root || !root->starts_with('/')) return std::nullopt;
    return root;
}

task<engine_versions> engine_facts::versions(deadline limit)
{
    if (docker_ == nullptr || steady_clock::now() < versions_until_) co_return versions_;
    auto asking = docker_->engine_version(deadline::sooner(limit, deadline::in(patience)));
    const auto body = co_await std::move(asking);
    if (!body && body.error().kind() == failure::cancelled) co_return versions_;
    versions_ = body ? parse_engine_versions(**body) : engine_versions();
    versions_until_ = steady_clock::now() + (body ? lifetime : retry_after);
    co_return versions_;
}

task<std::string> engine_facts::data_root(deadline limit)
{
    auto asking = said_data_root(limit);
    const auto said = co_await std::move(asking);
    co_return said.value_or("/var/lib/docker");
}

task<std::optional<std::string>> engine_facts::said_data_root(deadline limit)
{
    if (docker_ == nullptr || steady_clock::now() < data_root_until_) co_return data_root_;
    auto asking = docker_->info(deadline::sooner(limit, deadline::in(patience)));
    const auto body = co_await std::move(asking);
    if (!body && body.error().kind() == failure::cancelled) co_return data_root_;
    if (auto root = body ? parse_docker_root(**body) : std::nullopt) data_root_ = std::move(root);
    data_root_until_ = steady_clock::now() + (body ? lifetime : retry_after);
    co_return data_root_;
}

}  // namespace nodescope::cadvisor
