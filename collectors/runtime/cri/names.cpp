#include "collectors/runtime/cri/names.hpp"

#include "collectors/runtime/kubelet_name.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace nodescope::cri {

namespace {

constexpr std::size_t shortest_id = 12;
constexpr std::size_t names_shown_limit = 400;

/// Those that a reference may mean, each once, and what they are called in a message.
class candidates {
public:
    void add(std::string id, bool is_sandbox, std::string name)
    {
        if (names_.size() < names_shown_limit) names_ += (names_.empty() ? "" : ", ") + escape_untrusted(name, 128);
        ++count_;
        found_.id = std::move(id);
        found_.is_sandbox = is_sandbox;
    }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] const found_id& only() const noexcept { return found_; }
    [[nodiscard]] const std::string& names() const noexcept { return names_; }

private:
    std::size_t count_ = 0;
    found_id found_;
    std::string names_;
};

template <class Matches>
candidates all_that(const std::vector<listed_container>& containers, const std::vector<listed_sandbox>& sandboxes,
                    Matches matches)
{
    candidates found;
    const sandbox_map pods = by_id(sandboxes);
    for (const listed_container& one : containers) {
        const std::string name = name_of(one, pod_of(one, pods));
        if (matches(one, name)) found.add(one.id, false, name);
    }
    for (const listed_sandbox& one : sandboxes) {
        const std::string name = name_of(one);
        listed_container as_container;
        as_container.id = one.id;
        as_container.state = one.state;
        if (matches(as_container, name)) found.add(one.id, true, name);
    }
    return found;
}

bool runs(container_state state) noexcept { return state == container_state::running; }

}  // namespace

std::string name_of(const listed_container& one, const pod_identity& pod)
{
    if (pod.name.empty()) return one.name.empty() ? one.id : one.name;
    return kubelet_name_of(kubelet_name{one.name, pod.name, pod.name_space, pod.uid}, one.attempt);
}

std::string name_of(const listed_sandbox& one)
{
    return kubelet_name_of(kubelet_name{sandbox_name, one.pod.name, one.pod.name_space, one.pod.uid}, one.pod.attempt);
}

pod_identity pod_of(const kept_texts& labels)
{
    pod_identity pod;
    pod.name = labels.of(std::string(pod_name_label));
    pod.name_space = labels.of(std::string(pod_namespace_label));
    pod.uid = labels.of(std::string(pod_uid_label));
    return pod;
}

sandbox_map by_id(const std::vector<listed_sandbox>& sandboxes)
{
    sandbox_map all;
    for (const listed_sandbox& one : sandboxes) all.emplace(one.id, &one);
    return all;
}

pod_identity pod_of(const listed_container& one, const sandbox_map& sandboxes)
{
    const auto found = sandboxes.find(one.sandbox_id);
    return found == sandboxes.end() ? pod_of(one.labels) : found->second->pod;
}

result<found_id> find_by_reference(const container_reference& wanted, const std::vector<listed_container>& containers,
                                   const std::vector<listed_sandbox>& sandboxes)
{
    const std::string& text = wanted.text();
    // An id or a whole name is exact; the pod author's name of a container is what `crictl ps` shows, and is shared.
    candidates found = all_that(containers, sandboxes, [&](const listed_container& one, const std::string& name) {
        return name == text || one.id == text;
    });
    if (found.count() == 0 && text.size() >= shortest_id) {
        found = all_that(containers, sandboxes,
                         [&](const listed_container& one, const std::string&) { return one.id.starts_with(text); });
    }
    if (found.count() == 0) {
        found = all_that(containers, sandboxes, [&](const listed_container& one, const std::string&) {
            return runs(one.state) && !one.name.empty() && one.name == text;
        });
    }
    if (found.count() == 1) return found.only();
    const std::string shown = escape_untrusted(text, 128);
    if (found.count() == 0) return error(failure::gone, fmt::format("cri: there is no container \"{}\"", shown));
    return error(failure::conflict, fmt::format("cri: \"{}\" means {} containers ({}): say which one by its id", shown,
                                                found.count(), found.names()));
}

result<found_id> find_in_pod(const std::string& pod_namespace, const std::string& pod_name,
                             const std::string& container, const std::vector<listed_container>& containers,
                             const std::vector<listed_sandbox>& sandboxes)
{
    const std::string who = escape_untrusted(pod_namespace + "/" + pod_name, 330);
    const listed_sandbox* sandbox = nullptr;
    for (const listed_sandbox& one : sandboxes) {
        const bool is_it = one.pod.name == pod_name && one.pod.name_space == pod_namespace && runs(one.state);
        if (is_it && (sandbox == nullptr || one.created_at > sandbox->created_at)) sandbox = &one;
    }
    if (sandbox == nullptr) {
        return error(failure::gone, fmt::format("cri: pod {} has no running sandbox on this node", who));
    }
    found_id of_sandbox;
    of_sandbox.id = sandbox->id;
    of_sandbox.is_sandbox = true;
    if (container == sandbox_name) return of_sandbox;

    candidates found;
    for (const listed_container& one : containers) {
        const bool wanted = container.empty() || one.name == container;
        if (one.sandbox_id == sandbox->id && runs(one.state) && wanted) found.add(one.id, false, one.name);
    }
    if (found.count() == 1) return found.only();
    if (container.empty()) return of_sandbox;
    const std::string which = escape_untrusted(container, 80);
    if (found.count() == 0) {
        return error(failure::gone,
                     fmt::format("cri: pod {} has no running container named {} on this node", who, which));
    }
    return error(failure::conflict,
                 fmt::format("cri: pod {} has {} running containers named {}", who, found.count(), which));
}

}  // namespace nodescope::cri
