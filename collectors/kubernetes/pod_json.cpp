#include "collectors/kubernetes/pod_json.hpp"

#include "core/json/reader.hpp"
#include "core/json/writer.hpp"

#include <fmt/format.h>

#include <functional>
#include <optional>

namespace nodescope::kubernetes {

namespace {

error not_a_pod(std::string_view why) { return error(failure::malformed, fmt::format("not a Pod: {}", why)); }

error not_a_list(std::string_view why) { return error(failure::malformed, fmt::format("not a PodList: {}", why)); }

bool is_null(std::string_view value) noexcept { return value == "null"; }

/// A member that is looked at, and where its value goes. Repeated keys: the last one counts, as everywhere.
struct wanted_member {
    std::string_view key;
    std::string_view* value;
};

/// One pass over `object`. What is absent stays empty.
result<void> read_members(std::string_view object, std::initializer_list<wanted_member> wanted)
{
    return for_each_json_member(object, [wanted](std::string_view key, std::string_view value) {
        for (const wanted_member& want : wanted) {
            if (key == want.key) *want.value = value;
        }
    });
}

/// The text of a member that must be a string where it is there.
result<void> read_text(std::string& text, std::string_view value, std::string_view where)
{
    if (value.empty() || is_null(value)) return {};
    auto decoded = decode_json_string(value);
    if (!decoded) return not_a_pod(fmt::format("{} is not a string", where));
    text = std::move(*decoded);
    return {};
}

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
    const auto scanned = read_members(body, {{"kind", &kind}, {"items", &items}});
    if (!scanned) return not_a_list(scanned.error().message());
    if (!kind.empty() && kind != "\"PodList\"" && kind != "\"List\"") return not_a_list("it is of another kind");
    if (items.empty() && kind.empty()) return not_a_list("it has neither kind nor items");
    if (items.empty() || is_null(items)) return std::string_view("[]");
    if (json_kind_of(items) != json_kind::array) return not_a_list("items is not an array");
    return items;
}

/// Calls `visit` for the pods of `node_name`; what it gives ends the walk's success.
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

}  // namespace

result<pod_facts> read_pod_facts(std::string_view pod)
{
    std::string_view kind;
    std::string_view api_version;
    std::string_view metadata;
    std::string_view spec;
    std::string_view pod_namespace;
    std::string_view name;
    std::string_view uid;
    std::string_view deleted_at;
    std::string_view node_name;

    const auto top =
        read_members(pod, {{"kind", &kind}, {"apiVersion", &api_version}, {"metadata", &metadata}, {"spec", &spec}});
    if (!top) return not_a_pod(top.error().message());
    if (metadata.empty()) return not_a_pod("it has no metadata");
    const auto identity = read_members(
        metadata, {{"namespace", &pod_namespace}, {"name", &name}, {"uid", &uid}, {"deletionTimestamp", &deleted_at}});
    if (!identity) return not_a_pod("metadata is not an object");
    if (!spec.empty() && !is_null(spec)) {
        if (!read_members(spec, {{"nodeName", &node_name}})) return not_a_pod("spec is not an object");
    }

    pod_facts facts;
    facts.has_kind = !kind.empty();
    facts.has_api_version = !api_version.empty();
    facts.being_deleted = !deleted_at.empty() && !is_null(deleted_at);
    if (auto read = read_text(facts.kind, kind, "kind"); !read) return read.error();
    if (auto read = read_text(facts.api_version, api_version, "apiVersion"); !read) return read.error();
    if (auto read = read_text(facts.pod_namespace, pod_namespace, "metadata.namespace"); !read) return read.error();
    if (auto read = read_text(facts.name, name, "metadata.name"); !read) return read.error();
    if (auto read = read_text(facts.uid, uid, "metadata.uid"); !read) return read.error();
    if (auto read = read_text(facts.node_name, node_name, "spec.nodeName"); !read) return read.error();
    return facts;
}

result<std::string> with_kind_and_version(std::string_view pod, const pod_facts& facts)
{
    if (facts.has_kind && facts.kind != "Pod") return not_a_pod("it is of another kind");
    if (facts.has_api_version && facts.api_version != "v1") return not_a_pod("it is of another apiVersion");
    const std::size_t brace = pod.find('{');
    if (brace == std::string_view::npos) return not_a_pod("it is not an object");

    std::string added;
    json_writer json(added);
    if (!facts.has_kind) json.member("kind", "Pod");
    if (!facts.has_api_version) json.member("apiVersion", "v1");
    const std::string_view rest = pod.substr(brace + 1);
    const std::size_t first = rest.find_first_not_of(" \t\r\n");
    const bool has_members = first != std::string_view::npos && rest[first] != '}';
    if (!added.empty() && has_members) added += ',';

    std::string out;
    out.reserve(pod.size() + added.size());
    out.append(pod.substr(0, brace + 1)).append(added).append(rest);
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
        const auto whole = with_kind_and_version(pod, facts);
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
    return with_kind_and_version(found, facts_found);
}

}  // namespace nodescope::kubernetes
