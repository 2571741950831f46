#include "collectors/cadvisor/engine_facts.hpp"

#include <utility>

namespace nodescope::cadvisor {

task<engine_versions> engine_facts::versions(deadline limit)
{
    if (runtime_ == nullptr || steady_clock::now() < versions_until_) co_return versions_;
    auto asking = runtime_->facts(deadline::sooner(limit, deadline::in(patience)));
    const auto said = co_await std::move(asking);
    if (!said && said.error().kind() == failure::cancelled) co_return versions_;
    versions_ = engine_versions();
    if (said && !said->version.empty()) versions_.engine = said->version;
    if (said && !said->api_version.empty()) versions_.api = said->api_version;
    versions_until_ = steady_clock::now() + (said ? lifetime : retry_after);
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
    if (runtime_ == nullptr || steady_clock::now() < data_root_until_) co_return data_root_;
    auto asking = runtime_->storage_root(deadline::sooner(limit, deadline::in(patience)));
    auto root = co_await std::move(asking);
    if (!root && root.error().kind() == failure::cancelled) co_return data_root_;
    data_root_until_ = steady_clock::now() + (root ? lifetime : retry_after);
    if (root && !root->empty()) data_root_ = std::move(*root);
    co_return data_root_;
}

}  // namespace nodescope::cadvisor
