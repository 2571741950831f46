#include "collectors/kubernetes/pod_json.hpp"

#include "core/json/members.hpp"
#include "core/json/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace nodescope::kubernetes {

namespace {

/// What with_kind_and_version() adds at most, commas included.
constexpr std::size_t added_members_bytes = 32;

error not_a_pod(std::string_view why) { return error(failure::malformed, fmt::format("not a Pod: {}", why)); }

error not_a_list(std::string_view why) { return error(failure::malformed, fmt::format("not a PodList: {}", why)); }

error not_of_this_node(const pod_reference& which, std::string_view node_name)
{
    return error(failure::gone,
                 fmt::format("pod {}/{} is not on this node ({})", which.pod_namespace(), which.pod_name(), node_name));
}

/// The `items` of a PodList; an empty array where the list has none (the kubelet then writes null).
result<std::string_view> items_of(std::string_view body)
{
    std::string_view kind;
    std::string_view items;
    const auto scanned = read_json_members(body, {{"kind", &kind}, {"items", &items}});
    if (!scanned) return not_a_list(scanned.error().message());
    if (!kind.empty() && kind != "\"PodList\"" && kind != "\"List\"") return not_a_list("it is of another kind");
    if (items.empty() && kind.empty()) return not_a_list("it has neither kind nor items");
    if (json_kind_of(items) == json_kind::null) return std::string_view("[]");
    if (json_kind_of(items) != json_kind::array) return not_a_list("items is not an array");
    return items;
}

/// Calls `visit` for the pods of `node_name`. Its first failure is returned, and ends the visits.
result<void> for_each_pod_of(std::string_view body, std::string_view node_name,
                             const std::function<result<void>(std::string_view, const pod_facts&)>& visit)
{
    const auto items = items_of(body);
    if (!items) return items.error();
    std::optional<error> wrong;
    const auto item = [&](std::string_view pod) {
        if (wrong) return;
        const auto facts = read_pod_facts(pod);
        if (!facts) {
            wrong.emplace(facts.error());
        } else if (facts->node_name == node_name) {
            if (const auto visited = visit(pod, *facts); !visited) wrong.emplace(visited.error());
        }
    };
    if (const auto walked = for_each_json_element(*items, item); !walked) return not_a_list(walked.error().message());
    if (wrong) return *wrong;
    return {};
}

/// The kubelet lists a static pod as its file has it: "Pending" for as long as it runs. The API server's copy, which it
/// marks as its mirror, has the status. Where the pod is such a one, a message in its status says so.
result<std::string> with_word_on_status(std::string pod)
{
    std::string_view annotations;
    std::string_view status;
    std::string_view statuses;
    std::string message;
    const auto read = read_json_members(pod, {{"metadata/annotations", &annotations},
                                              {"status", &status},
                                              {"status/containerStatuses", &statuses},
                                              {"status/message", &message}});
    if (!read) return not_a_pod(read.error().message());
    if (json_kind_of(annotations) != json_kind::object || json_kind_of(status) != json_kind::object) return pod;
    const std::string source = json_text_member(annotations, "kubernetes.io/config.source");
    const bool is_mirror = !json_text_member(annotations, "kubernetes.io/config.mirror").empty();
    const bool has_statuses = json_kind_of(statuses) == json_kind::array;
    if ((source != "file" && source != "http") || is_mirror || has_statuses || !message.empty()) return pod;

    const auto at = static_cast<std::size_t>(status.data() - pod.data()) + status.find('{') + 1;
    const std::string_view rest = status.substr(status.find('{') + 1);
    std::string word = json_string(
        "the kubelet does not say how its static pods are: this status is that of the pod's "
        "file. The API server has the right one");
    word.insert(0, "\"message\":");
    if (rest.find_first_not_of(" \t\r\n}") != std::string_view::npos) word += ',';
    pod.insert(at, word);
    return pod;
}

}  // namespace

result<pod_facts> read_pod_facts(std::string_view pod)
{
    pod_facts facts;
    std::string_view kind;
    std::string_view api_version;
    std::string_view metadata;
    std::string_view deleted_at;
    const auto read = read_json_members(pod, {{"kind", &kind},
                                              {"kind", &facts.kind},
                                              {"apiVersion", &api_version},
                                              {"apiVersion", &facts.api_version},
                                              {"metadata", &metadata},
                                              {"metadata/namespace", &facts.pod_namespace},
                                              {"metadata/name", &facts.name},
                                              {"metadata/uid", &facts.uid},
                                              {"metadata/deletionTimestamp", &deleted_at},
                                              {"spec/nodeName", &facts.node_name}});
    if (!read) return not_a_pod(read.error().message());
    if (json_kind_of(metadata) == json_kind::null) return not_a_pod("it has no metadata");
    facts.has_kind = !kind.empty();
    facts.has_api_version = !api_version.empty();
    facts.being_deleted = json_kind_of(deleted_at) != json_kind::null;
    return facts;
}

result<std::vector<running_container>> read_running_containers(std::string_view pod)
{
    std::string_view containers;
    std::string_view init_containers;
    std::string_view ephemeral_containers;
    const auto read = read_json_members(pod, {{"status/containerStatuses", &containers},
                                              {"status/initContainerStatuses", &init_containers},
                                              {"status/ephemeralContainerStatuses", &ephemeral_containers}});
    if (!read) return not_a_pod(read.error().message());
    std::vector<running_container> found;
    std::optional<error> wrong;
    const auto take = [&](std::string_view status) {
        running_container one;
        std::string_view running;
        const auto members = read_json_members(status, {{"name", &one.name},
                                                        {"containerID", &one.id},
                                                        {"state/running", &running},
                                                        {"state/running/startedAt", &one.started_at}});
        if (!members) wrong.emplace(not_a_pod(members.error().message()));
        if (json_kind_of(running) == json_kind::object && !one.id.empty()) found.push_back(std::move(one));
    };
    for (const std::string_view list : {containers, init_containers, ephemeral_containers}) {
        if (json_kind_of(list) == json_kind::null) continue;
        if (const auto walked = for_each_json_element(list, take); !walked) return not_a_pod(walked.error().message());
    }
    if (wrong) return *wrong;
    std::stable_sort(found.begin(), found.end(), [](const running_container& a, const running_container& b) {
        return a.started_at < b.started_at;
    });
    return found;
}

result<std::string> with_kind_and_version(std::string_view pod, const pod_facts& facts)
{
    if (facts.has_kind && facts.kind != "Pod") return not_a_pod("it is of another kind");
    if (facts.has_api_version && facts.api_version != "v1") return not_a_pod("it is of another apiVersion");
    const std::size_t begin = pod.find('{');
    const std::size_t end = pod.rfind('}');
    if (end == std::string_view::npos || end < begin) return not_a_pod("it is not an object");
    const std::string_view members = pod.substr(begin + 1, end - begin - 1);

    std::string out;
    out.reserve(pod.size() + added_members_bytes);
    json_writer json(out);
    json.object([&] {
        if (!facts.has_kind) json.member("kind", "Pod");
        if (!facts.has_api_version) json.member("apiVersion", "v1");
        if (members.find_first_not_of(" \t\r\n") != std::string_view::npos) json.raw(members);
    });
    return out;
}

result<std::string> checked_pod(std::string_view body, const pod_reference& which, std::string_view node_name)
{
    const auto document = json_document(body);
    if (!document) return not_a_pod(document.error().message());
    const auto facts = read_pod_facts(*document);
    if (!facts) return facts.error();
    if (facts->pod_namespace != which.pod_namespace() || facts->name != which.pod_name()) {
        return not_a_pod("it does not carry the namespace and the name asked for");
    }
    if (facts->node_name != node_name) return not_of_this_node(which, node_name);
    return with_kind_and_version(*document, *facts);
}

result<std::string> pods_of_list(std::string_view body, std::string_view node_name)
{
    std::string out;
    json_writer json(out);
    const auto append = [&json](std::string_view pod, const pod_facts& facts) -> result<void> {
        auto whole = with_kind_and_version(pod, facts);
        if (whole) whole = with_word_on_status(std::move(*whole));
        if (!whole) return whole.error();
        json.raw(*whole);
        return {};
    };
    result<void> walked;
    json.array([&] { walked = for_each_pod_of(body, node_name, append); });
    if (!walked) return walked.error();
    return out;
}

result<std::string> pod_of_list(std::string_view body, const pod_reference& which, std::string_view node_name)
{
    std::string_view found;
    pod_facts facts_found;
    const auto match = [&](std::string_view pod, const pod_facts& facts) -> result<void> {
        if (facts.pod_namespace != which.pod_namespace() || facts.name != which.pod_name()) return {};
        if (!found.empty() && !facts_found.being_deleted) return {};
        found = pod;
        facts_found = facts;
        return {};
    };
    if (const auto walked = for_each_pod_of(body, node_name, match); !walked) return walked.error();
    if (found.empty()) return not_of_this_node(which, node_name);
    auto whole = with_kind_and_version(found, facts_found);
    if (!whole) return whole;
    return with_word_on_status(std::move(*whole));
}

}  // namespace nodescope::kubernetes
