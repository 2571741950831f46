#include "collectors/cadvisor/engine_facts.hpp"

#include "collectors/host/disk/disk_usage.hpp"

#include <utility>

namespace nodescope::cadvisor {

task<engine_versions> engine_facts::versions(deadline limit)
{
    if (runtime_ == nullptr || steady_clock::now() < versions_until_) co_return versions_;
    const auto said = co_await runtime_->facts(deadline::sooner(limit, deadline::in(patience)));
    if (!said && said.error().kind() == failure::cancelled) co_return versions_;
    versions_ = engine_versions();
    if (said && !said->version.empty()) versions_.engine = said->version;
    if (said && !said->api_version.empty()) versions_.api = said->api_version;
    versions_until_ = steady_clock::now() + (said ? lifetime : retry_after);
    co_return versions_;
}

task<std::string> engine_facts::data_root(deadline limit)
{
    const auto said = co_await said_data_root(limit);
    co_return said.value_or(host::docker_storage().root);
}

task<std::optional<std::string>> engine_facts::said_data_root(deadline limit)
{
    if (runtime_ == nullptr || steady_clock::now() < data_root_until_) co_return data_root_;
    auto root = co_await runtime_->storage_root(deadline::sooner(limit, deadline::in(patience)));
    if (!root && root.error().kind() == failure::cancelled) co_return data_root_;
    data_root_until_ = steady_clock::now() + (root ? lifetime : retry_after);
    if (root && !root->empty()) data_root_ = std::move(*root);
    co_return data_root_;
}

}  // namespace nodescope::cadvisor
