// How node_containers tells a container's cgroup from one that only has its id in its name.
#include "collectors/cadvisor/node_containers.hpp"

#include <utility>

namespace nodescope::cadvisor {

void node_containers::count_bearers()
{
    bearers_stale_ = false;
    std::map<std::string, bearers_of_an_id> fresh;
    for (const auto& [path, one] : records_) {
        if (!one->named_id.empty()) fresh[one->named_id].records.push_back(one);
    }
    for (auto& [id, now] : fresh) {
        const auto before = bearers_.find(id);
        if (before == bearers_.end()) continue;
        now.said = std::move(before->second.said);
        now.init = std::move(before->second.init);
    }
    bearers_ = std::move(fresh);
    choose_containers_of_ids();
}

task<> node_containers::prove_containers(deadline limit)
{
    std::vector<init_claim> claims;
    for (auto& [id, one] : bearers_) {
        const auto& said = names_.look(id).state;
        if (!one.in_doubt() || one.said == said) continue;
        one.said = said;
        one.init = {};
        if (said) claims.push_back({static_cast<pid_t>(said->pid), {id, said->name, said->started_at}});
    }
    if (claims.empty()) co_return;
    const deadline own = deadline::sooner(limit, deadline::in(options_.timeout));
    auto work = [root = options_.root, claims,
                 own](const abandon_flag& abandoned) -> result<std::map<std::string, std::string>> {
        return blocking_read_container_paths(root, claims, own, abandoned);
    };
    auto paths = co_await pool_.run("processes of containers", own, std::move(work));
    for (const init_claim& claim : claims) {
        const auto found = bearers_.find(claim.container.id);
        if (found == bearers_.end()) continue;
        if (!paths) {
            found->second.said = nullptr;  // asked again next time
        } else if (const auto path = paths->find(claim.container.id); path != paths->end()) {
            found->second.init.known = true;
            found->second.init.path = path->second;
        }
    }
    choose_containers_of_ids();
}

void node_containers::choose_containers_of_ids()
{
    for (const auto& [id, one] : bearers_) {
        std::vector<host::id_bearer> bearers;
        bearers.reserve(one.records.size());
        for (const auto& each : one.records) bearers.push_back({each->path, each->delegated, each->created});
        const auto chosen = host::choose_container(bearers, one.init);
        for (std::size_t i = 0; i < one.records.size(); ++i) take_id(*one.records[i], chosen == i ? id : std::string());
    }
    roster_.stale = true;
}

void node_containers::take_id(record& of, const std::string& id)
{
    if (of.id == id) return;
    of.id = id;
    of.spec.reset();
    of.named_by.reset();
}

}  // namespace nodescope::cadvisor
