#include "collectors/runtime/docker/replies.hpp"

#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace nodescope::docker {
namespace {

constexpr std::size_t full_id_length = 64;
constexpr std::size_t short_id_length = 12;
constexpr std::size_t message_limit = 1024;

/// What is kept of a container's labels, and of its variables: each container's stay in memory for as long as it runs,
/// and an image may bring megabytes. Kubernetes has a few KiB of labels, and copies annotations of up to 256 KiB.
constexpr std::size_t kept_texts_limit = 64U << 10U;

/// Says of one text after the other whether it still fits.
class kept_texts {
public:
    bool take(std::size_t size) noexcept
    {
        if (size > left_) return false;
        left_ -= size;
        return true;
    }

private:
    std::size_t left_ = kept_texts_limit;
};

bool is_hex(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// A string member into `target`; null and absent leave it empty, another kind is an error.
result<void> take_string(std::string_view value, std::string_view name, std::string& target)
{
    if (json_kind_of(value) == json_kind::null) return {};
    if (json_kind_of(value) != json_kind::string) {
        return error(failure::malformed, fmt::format("{} is not a string", name));
    }
    auto text = decode_json_string(value);
    if (!text) return text.error();
    target = std::move(*text);
    return {};
}

result<void> take_integer(std::string_view value, std::string_view name, std::int64_t& target)
{
    if (json_kind_of(value) == json_kind::null) return {};
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), target);
    if (code != std::errc() || end != value.data() + value.size()) {
        return error(failure::malformed, fmt::format("{} is not an integer", name));
    }
    return {};
}

/// Walks over the members of an object with a function that may refuse one; `null` has no members.
template <class Take>
result<void> for_each_member(std::string_view object, const Take& take)
{
    if (object == "null") return {};
    result<void> first;
    const auto visit = [&](std::string_view key, std::string_view value) {
        if (first) first = take(key, value);
    };
    auto walked = for_each_json_member(object, visit);
    if (!walked) return walked;
    return first;
}

result<void> take_health(std::string_view object, container& state)
{
    return for_each_member(object, [&](std::string_view key, std::string_view value) -> result<void> {
        if (key == "Status") return take_string(value, "State.Health.Status", state.health);
        return {};
    });
}

result<void> take_state(std::string_view object, container& state)
{
    return for_each_member(object, [&](std::string_view key, std::string_view value) -> result<void> {
        if (key == "Status") return take_string(value, "State.Status", state.status);
        if (key == "Pid") return take_integer(value, "State.Pid", state.pid);
        if (key == "StartedAt") return take_string(value, "State.StartedAt", state.started_at);
        if (key == "ExitCode") return take_integer(value, "State.ExitCode", state.exit_code);
        if (key == "Health") return take_health(value, state);
        return {};
    });
}

result<void> take_host_config(std::string_view object, container& state)
{
    return for_each_member(object, [&](std::string_view key, std::string_view value) -> result<void> {
        if (key == "NetworkMode") {
            std::string mode;
            auto taken = take_string(value, "HostConfig.NetworkMode", mode);
            state.shares_network = mode.starts_with("container:");
            return taken;
        }
        if (key == "CpuShares") return take_integer(value, "HostConfig.CpuShares", state.cpu_shares);
        return {};
    });
}

result<void> take_graph_driver(std::string_view object, container& state)
{
    const auto take_data = [&](std::string_view key, std::string_view value) -> result<void> {
        if (key == "UpperDir") return take_string(value, "GraphDriver.Data.UpperDir", state.upper_directory);
        return {};
    };
    return for_each_member(object, [&](std::string_view key, std::string_view value) -> result<void> {
        return key == "Data" ? for_each_member(value, take_data) : result<void>();
    });
}

result<void> take_container_labels(std::string_view object, container& state)
{
    kept_texts kept;
    return for_each_member(object, [&](std::string_view key, std::string_view value) -> result<void> {
        if (!kept.take(key.size() + value.size())) return {};
        return take_string(value, "a label", state.labels[std::string(key)]);
    });
}

result<void> take_environment(std::string_view array, container& state)
{
    if (array == "null") return {};
    result<void> first;
    kept_texts kept;
    const auto take = [&](std::string_view value) {
        if (!kept.take(value.size())) return;
        if (first) first = take_string(value, "a variable of Config.Env", state.environment.emplace_back());
    };
    auto walked = for_each_json_element(array, take);
    return walked ? first : walked;
}

result<void> take_config(std::string_view object, container& state)
{
    return for_each_member(object, [&](std::string_view key, std::string_view value) -> result<void> {
        if (key == "Image") return take_string(value, "Config.Image", state.image);
        if (key == "Labels") return take_container_labels(value, state);
        if (key == "Env") return take_environment(value, state);
        return {};
    });
}

result<void> take_labels(std::string_view object, pod_container& one)
{
    std::string kind;
    auto walked = for_each_member(object, [&](std::string_view key, std::string_view value) -> result<void> {
        if (key == "io.kubernetes.pod.namespace") return take_string(value, "a label", one.pod_namespace);
        if (key == "io.kubernetes.pod.name") return take_string(value, "a label", one.pod_name);
        if (key == "io.kubernetes.container.name") return take_string(value, "a label", one.container);
        if (key == "io.kubernetes.docker.type") return take_string(value, "a label", kind);
        return {};
    });
    one.is_sandbox = kind == "podsandbox" || one.container == "POD";
    return walked;
}

std::string replace_invalid_utf8(std::string_view bytes)
{
    std::string text;
    text.reserve(bytes.size() + 16);
    while (!bytes.empty()) {
        const std::size_t length = utf8_character_length(bytes);
        if (length == 0) {
            text.append("\xef\xbf\xbd");
            bytes.remove_prefix(1);
        } else {
            text.append(bytes.substr(0, length));
            bytes.remove_prefix(length);
        }
    }
    return text;
}

/// A string member; empty when there is none, or when it is longer than any version or path that a daemon has.
std::string short_text(std::string_view object, std::string_view key)
{
    constexpr std::size_t text_limit = 4096;
    const auto member = json_member(object, key);
    if (!member || json_kind_of(*member) != json_kind::string) return {};
    const auto text = decode_json_string(*member);
    return text && text->size() <= text_limit ? *text : std::string();
}

std::string_view kind_name(json_kind kind) noexcept { return kind == json_kind::array ? "an array" : "an object"; }

}  // namespace

result<shared_body> checked_body(std::string body, json_kind wanted)
{
    if (!is_valid_utf8(body)) body = replace_invalid_utf8(body);
    const auto value = json_document(body);
    if (!value) return value.error();
    if (json_kind_of(*value) != wanted) {
        return error(failure::malformed, fmt::format("not JSON of the right kind: {} expected", kind_name(wanted)));
    }
    if (value->size() != body.size()) {
        const auto begin = static_cast<std::size_t>(value->data() - body.data());
        body.resize(begin + value->size());
        body.erase(0, begin);
    }
    return std::make_shared<const std::string>(std::move(body));
}

std::string engine_message(std::string_view body)
{
    std::string text;
    if (const auto document = json_document(body); document && json_kind_of(*document) == json_kind::object) {
        const auto member = json_member(*document, "message");
        if (member && json_kind_of(*member) == json_kind::string) {
            if (const auto decoded = decode_json_string(*member)) text = *decoded;
        }
    }
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
    state.runtime = runtime_name;
    const auto walked = for_each_member(body, [&](std::string_view key, std::string_view value) -> result<void> {
        if (key == "Id") return take_string(value, "Id", state.id);
        if (key == "Name") return take_string(value, "Name", state.name);
        if (key == "State") return take_state(value, state);
        if (key == "HostConfig") return take_host_config(value, state);
        if (key == "Config") return take_config(value, state);
        if (key == "Created") return take_string(value, "Created", state.created);
        if (key == "Driver") return take_string(value, "Driver", state.storage_driver);
        if (key == "GraphDriver") return take_graph_driver(value, state);
        if (key == "RestartCount") return take_integer(value, "RestartCount", state.restart_count);
        return {};
    });
    if (!walked) return walked.error();
    if (state.id.size() != full_id_length || !is_hex(state.id)) {
        return error(failure::malformed, "Id is not 64 hexadecimal digits");
    }
    if (state.pid < 0) return error(failure::malformed, "State.Pid is negative");
    if (state.name.starts_with('/')) state.name.erase(0, 1);
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

result<void> check_identity(const container_reference& asked, const container& answered)
{
    const std::string& text = asked.text();
    if (answered.name == text) return {};
    if (answered.id.starts_with(text)) {
        if (text.size() >= short_id_length) return {};
        return error(failure::conflict,
                     fmt::format("docker: \"{}\" is no container's name and too short for an id: give at least {} "
                                 "digits (the daemon would have taken container {})",
                                 escape_untrusted(text, 64), short_id_length, answered.id.substr(0, short_id_length)));
    }
    return error(failure::conflict,
                 fmt::format("docker: the daemon answered for container {} ({}) when asked for \"{}\"",
                             answered.id.substr(0, short_id_length), escape_untrusted(answered.name, 128),
                             escape_untrusted(text, 128)));
}

result<std::vector<pod_container>> parse_pod_containers(std::string_view list)
{
    std::vector<pod_container> found;
    result<void> first;
    const auto element = [&](std::string_view value) {
        if (!first) return;
        pod_container one;
        auto walked = for_each_member(value, [&](std::string_view key, std::string_view member) -> result<void> {
            if (key == "Id") return take_string(member, "Id", one.id);
            if (key == "State") return take_string(member, "State", one.state);
            if (key == "Labels") return take_labels(member, one);
            return {};
        });
        if (!walked) first = walked.error();
        found.push_back(std::move(one));
    };
    const auto walked = for_each_json_element(list, element);
    if (!walked) return walked.error();
    if (!first) return first.error();
    return found;
}

result<std::string> choose_pod_container(const std::vector<pod_container>& list, const std::string& pod_namespace,
                                         const std::string& pod_name, const std::string& container)
{
    std::vector<const pod_container*> containers;
    std::vector<const pod_container*> sandboxes;
    for (const pod_container& one : list) {
        // Not every engine knows every filter, so the labels are looked at again.
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
        return error(failure::gone, fmt::format("docker: pod {} has no running container{} on this node", who, which));
    }
    std::string names;
    for (const pod_container* one : containers) {
        names += (names.empty() ? "" : ", ") + escape_untrusted(one->container, 80);
        if (names.size() > 400) break;
    }
    return error(failure::conflict,
                 fmt::format("docker: pod {} has {} running containers{} ({}): say which one", who,
                             containers.empty() ? sandboxes.size() : containers.size(), which, names));
}

}  // namespace nodescope::docker
