#include "collectors/runtime/docker/replies.hpp"

#include "collectors/runtime/kept_texts.hpp"
#include "collectors/runtime/kubelet_name.hpp"
#include "core/json/members.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace nodescope::docker {
namespace {

constexpr std::size_t short_id_length = 12;
constexpr std::size_t message_limit = 1024;

/// The text of a label or a variable; null is an empty one.
result<std::string> text_of(std::string_view value, std::string_view what)
{
    if (json_kind_of(value) == json_kind::null) return std::string();
    if (json_kind_of(value) != json_kind::string) {
        return error(failure::malformed, fmt::format("{} is not a string", what));
    }
    return decode_json_string(value);
}

result<void> take_labels(std::string_view object, std::map<std::string, std::string>& labels)
{
    if (json_kind_of(object) == json_kind::null) return {};
    result<void> first;
    std::size_t left = kept_texts_limit;
    result<void> walked;
    // The kubelet's own come first: an image's must not take their room.
    for (const bool of_kubelet : {true, false}) {
        walked = for_each_json_member(object, [&](std::string_view key, std::string_view value) {
            const std::size_t size = around_kept_text + key.size() + value.size();
            if (!first || key.starts_with(kubelet_label_prefix) != of_kubelet ||
                size > std::min(left, kept_label_limit))
                return;
            left -= size;
            auto text = text_of(value, "a label");
            if (text) labels[std::string(key)] = std::move(*text);
            else first = text.error();
        });
        if (!walked) return walked;
    }
    return first;
}

/// Whose it is, by its name. What an image says of pods is not believed.
void take_pod(container& state)
{
    const auto proven = parse_kubelet_name(state.name);
    if (!proven || !is_of_pod(state.name, state.labels)) {
        std::erase_if(state.labels, [](const auto& label) { return label.first.starts_with(kubelet_label_prefix); });
        return;
    }
    state.pod.name = proven->pod;
    state.pod.name_space = proven->pod_namespace;
    state.pod.uid = proven->uid;
    state.pod.container = proven->container;
    state.pod.is_sandbox = proven->container == sandbox_name;
}

/// A container's own one of its names: those of links have two parts ("/other/alias"). Empty where it has none.
result<std::string> own_name_in(std::string_view array)
{
    std::string name;
    if (array.empty() || json_kind_of(array) == json_kind::null) return name;
    result<void> first;
    const auto walked = for_each_json_element(array, [&](std::string_view value) {
        auto one = text_of(value, "a name");
        if (first && !one) first = one.error();
        if (!one) return;
        if (one->starts_with('/')) one->erase(0, 1);
        if (name.empty() && one->find('/') == std::string::npos) name = std::move(*one);
    });
    if (!walked) return walked.error();
    if (!first) return first.error();
    return name;
}

/// Which pod's it is, where its name proves what its labels say.
result<void> take_pod(std::string_view names, std::string_view labels_text, pod_container& one)
{
    std::map<std::string, std::string> labels;
    if (auto taken = take_labels(labels_text, labels); !taken) return taken;
    const auto name = own_name_in(names);
    if (!name) return name.error();
    const auto proven = parse_kubelet_name(*name);
    if (!proven || !is_of_pod(*name, labels)) return {};
    one.pod_namespace = proven->pod_namespace;
    one.pod_name = proven->pod;
    one.container = proven->container;
    one.is_sandbox = proven->container == sandbox_name;
    return {};
}

result<void> take_environment(std::string_view array, std::vector<std::string>& environment)
{
    if (json_kind_of(array) == json_kind::null) return {};
    result<void> first;
    std::size_t left = kept_texts_limit;
    const auto walked = for_each_json_element(array, [&](std::string_view value) {
        if (!first || around_kept_text + value.size() > left) return;
        left -= around_kept_text + value.size();
        auto text = text_of(value, "a variable of Config.Env");
        if (text) environment.push_back(std::move(*text));
        else first = text.error();
    });
    return walked ? first : walked;
}

/// A string member; empty when there is none, or when it is longer than any version or path that a daemon has.
std::string short_text(std::string_view object, std::string_view key)
{
    constexpr std::size_t text_limit = 4096;
    std::string text = json_text_member(object, key);
    return text.size() <= text_limit ? text : std::string();
}

std::string_view kind_name(json_kind kind) noexcept { return kind == json_kind::array ? "an array" : "an object"; }

}  // namespace

result<shared_body> checked_body(engine_body whole, json_kind wanted)
{
    std::string& body = whole.text;
    if (!is_valid_utf8(body)) body = valid_utf8(body);
    const auto value = json_document(body);
    if (!value) return value.error();
    if (wanted == json_kind::array && *value == "null") {
        body = "[]";
        return std::make_shared<const engine_body>(std::move(whole));
    }
    if (json_kind_of(*value) != wanted) {
        return error(failure::malformed, fmt::format("not JSON of the right kind: {} expected", kind_name(wanted)));
    }
    if (value->size() != body.size()) {
        const auto begin = static_cast<std::size_t>(value->data() - body.data());
        body.resize(begin + value->size());
        body.erase(0, begin);
    }
    return std::make_shared<const engine_body>(std::move(whole));
}

std::string engine_message(std::string_view body)
{
    std::string text = json_text_member(body, "message");
    if (text.empty()) text = body;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    return text.empty() ? std::string("without a message") : escape_untrusted(text, message_limit - 3);  // and its dots
}

bool refuses_version(unsigned status, std::string_view message) noexcept
{
    // daemon/…/middleware/version.go: "client version 1.99 is too new. Maximum supported API version is 1.41" and
    // "client version 1.10 is too old. Minimum supported API version is 1.12, please upgrade your client".
    return status == 400 && message.find("client version") != std::string_view::npos &&
           (message.find("too old") != std::string_view::npos || message.find("too new") != std::string_view::npos);
}

result<container> parse_container(std::string_view body)
{
    container state;
    state.runtime = to_string(engine_kind::docker);
    std::string network_mode;
    std::string snapshotter;
    std::string_view killed_for_memory;
    std::string_view labels;
    std::string_view environment;
    const auto read = read_json_members(body, {{"Id", &state.id},
                                               {"Name", &state.name},
                                               {"Created", &state.created},
                                               {"RestartCount", &state.restart_count},
                                               {"Driver", &state.storage_driver},
                                               {"GraphDriver/Data/UpperDir", &state.upper_directory},
                                               {"Storage/RootFS/Snapshot/Name", &snapshotter},
                                               {"State/Status", &state.status},
                                               {"State/Pid", &state.pid},
                                               {"State/StartedAt", &state.started_at},
                                               {"State/ExitCode", &state.exit_code},
                                               {"State/FinishedAt", &state.finished_at},
                                               {"State/OOMKilled", &killed_for_memory},
                                               {"State/Health/Status", &state.health},
                                               {"HostConfig/NetworkMode", &network_mode},
                                               {"HostConfig/Runtime", &state.low_level_runtime},
                                               {"NetworkSettings/SandboxKey", &state.network_file},
                                               {"HostConfig/CpuShares", &state.cpu_shares},
                                               {"Config/Image", &state.image},
                                               {"Config/Labels", &labels},
                                               {"Config/Env", &environment}});
    if (!read) return read.error();
    if (const auto taken = take_labels(labels, state.labels); !taken) return taken.error();
    if (const auto taken = take_environment(environment, state.environment); !taken) return taken.error();
    // From API 1.52 on, of containers in the containerd image store.
    if (state.storage_driver.empty()) state.storage_driver = std::move(snapshotter);
    state.killed_for_memory = killed_for_memory == "true";
    state.shares_network = network_mode.starts_with("container:");
    state.host_network = network_mode == "host";
    if (!is_full_id(state.id)) return error(failure::malformed, "Id is not 64 hexadecimal digits");
    if (state.pid < 0) return error(failure::malformed, "State.Pid is negative");
    if (state.name.starts_with('/')) state.name.erase(0, 1);
    take_pod(state);
    return state;
}

runtime_facts parse_facts(std::string_view body)
{
    runtime_facts facts;
    facts.version = short_text(body, "Version");
    facts.api_version = short_text(body, "ApiVersion");
    return facts;
}

std::string parse_storage_root(std::string_view info)
{
    std::string root = short_text(info, "DockerRootDir");
    return root.starts_with('/') ? root : std::string();
}

result<void> check_identity(engine_kind of, const container_reference& wanted, const container& answered)
{
    const std::string& text = wanted.text();
    if (answered.name == text) return {};
    if (answered.id.starts_with(text)) {
        if (text.size() >= short_id_length) return {};
        return error(failure::conflict,
                     fmt::format("{}: \"{}\" is no container's name and too short for an id: give at least {} "
                                 "digits (the daemon would have taken container {})",
                                 to_string(of), escape_untrusted(text, 64), short_id_length,
                                 answered.id.substr(0, short_id_length)));
    }
    return error(failure::conflict, fmt::format("{}: the daemon answered for container {} ({}) when asked for \"{}\"",
                                                to_string(of), answered.id.substr(0, short_id_length),
                                                escape_untrusted(answered.name, 128), escape_untrusted(text, 128)));
}

result<std::vector<pod_container>> parse_pod_containers(std::string_view list)
{
    std::vector<pod_container> found;
    result<void> first;
    const auto element = [&](std::string_view value) {
        if (!first || json_kind_of(value) == json_kind::null) return;
        pod_container one;
        std::string_view names;
        std::string_view labels;
        first =
            read_json_members(value, {{"Id", &one.id}, {"State", &one.state}, {"Names", &names}, {"Labels", &labels}});
        if (first) first = take_pod(names, labels, one);
        found.push_back(std::move(one));
    };
    const auto walked = for_each_json_element(list, element);
    if (!walked) return walked.error();
    if (!first) return first.error();
    return found;
}

result<names_by_id> parse_names(std::string_view list)
{
    names_by_id found;
    result<void> first;
    const auto walked = for_each_json_element(list, [&](std::string_view value) {
        if (!first || json_kind_of(value) == json_kind::null) return;
        std::string id;
        std::string_view names;
        first = read_json_members(value, {{"Id", &id}, {"Names", &names}});
        if (!first) return;
        auto name = own_name_in(names);
        if (!name) first = name.error();
        else if (!name->empty()) found.insert_or_assign(std::move(id), std::move(*name));
    });
    if (!walked) return walked.error();
    if (!first) return first.error();
    return found;
}

result<std::string> choose_pod_container(engine_kind of, const std::vector<pod_container>& list,
                                         const std::string& pod_namespace, const std::string& pod_name,
                                         const std::string& container)
{
    std::vector<const pod_container*> containers;
    std::vector<const pod_container*> sandboxes;
    for (const pod_container& one : list) {
        // The daemon's filter goes by labels alone, and not every engine knows every filter.
        if (one.pod_namespace != pod_namespace || one.pod_name != pod_name) continue;
        if (!one.state.empty() && one.state != "running" && one.state != "paused") continue;
        if (!container.empty() && one.container != container) continue;
        (one.is_sandbox ? sandboxes : containers).push_back(&one);
    }
    if (!container.empty()) containers.insert(containers.end(), sandboxes.begin(), sandboxes.end());
    if (containers.size() == 1) return containers.front()->id;
    if (container.empty() && sandboxes.size() == 1) return sandboxes.front()->id;

    const std::string who = escape_untrusted(pod_namespace + "/" + pod_name, 330);
    const std::string which = container.empty() ? std::string() : " named " + escape_untrusted(container, 80);
    if (containers.empty() && sandboxes.empty()) {
        return error(failure::gone,
                     fmt::format("{}: pod {} has no running container{} on this node", to_string(of), who, which));
    }
    std::string names;
    for (const pod_container* one : containers) {
        names += (names.empty() ? "" : ", ") + escape_untrusted(one->container, 80);
        if (names.size() > 400) break;
    }
    return error(failure::conflict,
                 fmt::format("{}: pod {} has {} running containers{} ({}): say which one", to_string(of), who,
                             containers.empty() ? sandboxes.size() : containers.size(), which, names));
}

}  // namespace nodescope::docker
