#include "collectors/runtime/cri/messages.hpp"

#include "collectors/runtime/container_reference.hpp"
#include "collectors/runtime/cri/cri.pb.h"
#include "collectors/runtime/kept_texts.hpp"
#include "collectors/runtime/kubelet_name.hpp"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace nodescope::cri {

namespace {

using google::protobuf::MessageLite;
using google::protobuf::io::CodedInputStream;

/// Of a list: more than a node runs, and what its structs take stays below 100 MiB whatever they hold.
constexpr std::size_t element_limit = 10'000;
/// Bytes of one container: its annotations have 256 KiB at most. Two bytes on the wire can become a hundred in memory.
constexpr std::size_t element_bytes = 512U << 10U;
/// Bytes of one text that the runtime says in JSON: the specification of a container with what it is given.
constexpr std::size_t info_bytes = 4U << 20U;
constexpr std::size_t info_entries = 32;
/// Of names, ids and states: the longest are references of images.
constexpr std::size_t word_limit = 4096;
constexpr std::size_t mount_limit = 256;
constexpr std::size_t address_limit = 64;
constexpr std::size_t condition_limit = 64;

constexpr unsigned tag_bits = 3;
constexpr unsigned tag_mask = 7;
enum wire_type : unsigned { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };

error malformed(std::string_view what) { return error(failure::malformed, fmt::format("{} is no message", what)); }

/// Skips one field that is not read. Groups are not in proto3.
bool skip(CodedInputStream& in, unsigned type)
{
    constexpr int eight = 8;
    constexpr int four = 4;
    std::uint64_t number = 0;
    std::uint32_t size = 0;
    switch (type) {
        case varint: return in.ReadVarint64(&number);
        case fixed64: return in.Skip(eight);
        case delimited: return in.ReadVarint32(&size) && in.Skip(static_cast<int>(size));
        case fixed32: return in.Skip(four);
        default: return false;
    }
}

/// Calls `visit(number, bytes)` with each field of a message that is a text or a message itself.
result<void> for_each_part(std::string_view message, std::string_view what,
                           const std::function<result<void>(unsigned, std::string_view)>& visit)
{
    const auto size = static_cast<int>(message.size());
    CodedInputStream in(reinterpret_cast<const std::uint8_t*>(message.data()), size);
    while (const std::uint32_t tag = in.ReadTag()) {
        if ((tag & tag_mask) != delimited) {
            if (!skip(in, tag & tag_mask)) return malformed(what);
            continue;
        }
        std::uint32_t length = 0;
        if (!in.ReadVarint32(&length)) return malformed(what);
        const auto at = static_cast<std::size_t>(in.CurrentPosition());
        if (length > message.size() - at || !in.Skip(static_cast<int>(length))) return malformed(what);
        if (auto visited = visit(tag >> tag_bits, message.substr(at, length)); !visited) return visited;
    }
    if (!in.ConsumedEntireMessage()) return malformed(what);
    return {};
}

template <class Message>
result<Message> parsed(std::string_view bytes, std::string_view what)
{
    if (bytes.size() > element_bytes) {
        return error(failure::too_large, fmt::format("{} has {} bytes, more than the {} that are taken", what,
                                                     bytes.size(), element_bytes));
    }
    Message message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return malformed(what);
    return message;
}

std::string serialized(const MessageLite& message) { return message.SerializeAsString(); }

std::string word(const std::string& text) { return text.substr(0, word_limit); }

template <class Entries>
kept_texts kept(const Entries& entries)
{
    kept_texts out;
    std::size_t left = kept_texts_limit;
    // The kubelet's own come first: others must not take their room.
    for (const bool of_kubelet : {true, false}) {
        for (const wire::Entry& one : entries) {
            if (one.key().starts_with(kubelet_label_prefix) != of_kubelet) continue;
            const std::size_t size = around_kept_text + one.key().size() + one.value().size();
            if (size > std::min(left, kept_label_limit)) {
                ++out.left_out;
                continue;
            }
            left -= size;
            out.map.insert_or_assign(one.key(), one.value());
        }
    }
    return out;
}

container_state state_of(std::int32_t number) noexcept
{
    switch (number) {
        case 0: return container_state::created;
        case 1: return container_state::running;
        case 2: return container_state::exited;
        default: return container_state::unknown;
    }
}

container_state state_of_sandbox(std::int32_t number) noexcept
{
    return number == 0 ? container_state::running : container_state::exited;
}

/// What both messages about a container have under the same names.
template <class Message>
void take_container(const Message& from, listed_container& to)
{
    to.id = word(from.id());
    to.name = word(from.metadata().name());
    to.attempt = from.metadata().attempt();
    const std::string& written = from.image().user_specified_image();
    to.image = word(written.empty() ? from.image().image() : written);
    to.image_id = word(from.image_id().empty() ? from.image_ref() : from.image_id());
    to.state = state_of(from.state());
    to.created_at = from.created_at();
    to.labels = kept(from.labels());
    to.annotations = kept(from.annotations());
}

/// An image without a tag is named by its id, where it is named at all.
bool is_image_id(std::string_view name) noexcept
{
    return name.empty() || name.starts_with("sha256:") || is_full_id(name);
}

std::string image_name_of(const wire::ContainerStatus& from)
{
    if (!is_image_id(from.image().image())) return word(from.image().image());
    const bool has_digest = from.image_ref().find('@') != std::string::npos;
    return word(has_digest ? from.image_ref() : from.image().image());
}

template <class Message>
void take_sandbox(const Message& from, listed_sandbox& to)
{
    to.id = word(from.id());
    to.pod.name = word(from.metadata().name());
    to.pod.uid = word(from.metadata().uid());
    to.pod.name_space = word(from.metadata().namespace_());
    to.pod.attempt = from.metadata().attempt();
    to.state = state_of_sandbox(from.state());
    to.created_at = from.created_at();
    to.labels = kept(from.labels());
    to.annotations = kept(from.annotations());
}

container_mount mount_of(const wire::Mount& from)
{
    constexpr std::int32_t bidirectional = 2;
    container_mount to;
    to.source = word(from.host_path());
    to.destination = word(from.container_path());
    to.read_only = from.readonly();
    to.propagation = from.propagation() == 0 ? "rprivate" : from.propagation() == bidirectional ? "rshared" : "rslave";
    return to;
}

result<listed_container> container_of(std::string_view bytes)
{
    const auto message = parsed<wire::Container>(bytes, "a container");
    if (!message) return message.error();
    listed_container one;
    take_container(*message, one);
    one.sandbox_id = word(message->pod_sandbox_id());
    return one;
}

result<listed_sandbox> sandbox_of(std::string_view bytes)
{
    const auto message = parsed<wire::PodSandbox>(bytes, "a sandbox");
    if (!message) return message.error();
    listed_sandbox one;
    take_sandbox(*message, one);
    return one;
}

template <class Element>
result<std::vector<Element>> read_list(std::string_view message, result<Element> (*read)(std::string_view))
{
    std::vector<Element> list;
    const auto walked = for_each_part(message, "the list", [&](unsigned number, std::string_view part) -> result<void> {
        if (number != 1) return {};
        if (list.size() == element_limit) {
            return error(failure::too_large, fmt::format("the list has more than {} elements", element_limit));
        }
        auto one = read(part);
        if (!one) return one.error();
        list.push_back(std::move(*one));
        return {};
    });
    if (!walked) return walked.error();
    return list;
}

/// An entry of `info`, without a copy of what is not wanted.
result<void> take_info(std::string_view entry, std::map<std::string, std::string>& to)
{
    std::string_view key;
    std::string_view value;
    auto walked = for_each_part(entry, "an entry of info", [&](unsigned number, std::string_view part) {
        if (number == 1) key = part;
        if (number == 2) value = part;
        return result<void>();
    });
    if (!walked) return walked;
    const bool kept = key.size() <= word_limit && value.size() <= info_bytes && to.size() < info_entries;
    if (kept) to.insert_or_assign(std::string(key), std::string(value));
    return {};
}

/// The answers about one thing: its status in field 1, and `info` in field 2.
struct status_parts {
    std::optional<std::string_view> status;
    std::map<std::string, std::string> info;
};

result<status_parts> read_status_parts(std::string_view message)
{
    status_parts parts;
    const auto walked =
        for_each_part(message, "the status", [&](unsigned number, std::string_view part) -> result<void> {
            if (number == 1) parts.status = part;
            return number == 2 ? take_info(part, parts.info) : result<void>();
        });
    if (!walked) return walked.error();
    if (!parts.status) return error(failure::malformed, "the answer holds no status");
    return parts;
}

}  // namespace

std::string_view to_string(container_state state) noexcept
{
    switch (state) {
        case container_state::created: return "created";
        case container_state::running: return "running";
        case container_state::exited: return "exited";
        case container_state::unknown: break;
    }
    return "unknown";
}

const std::string& kept_texts::of(const std::string& key) const
{
    static const std::string nothing;
    const auto found = map.find(key);
    return found == map.end() ? nothing : found->second;
}

std::string version_request() { return {}; }

std::string list_request() { return {}; }

std::string status_of_request(std::string_view id)
{
    wire::StatusOfRequest asked;
    asked.set_id(std::string(id));
    asked.set_verbose(true);
    return serialized(asked);
}

std::string runtime_status_request()
{
    wire::StatusRequest asked;
    asked.set_verbose(true);
    return serialized(asked);
}

result<version_answer> read_version(std::string_view message)
{
    const auto said = parsed<wire::VersionResponse>(message, "the version");
    if (!said) return said.error();
    version_answer version;
    version.runtime_name = word(said->runtime_name());
    version.runtime_version = word(said->runtime_version());
    version.api_version = word(said->runtime_api_version());
    return version;
}

result<std::vector<listed_container>> read_containers(std::string_view message)
{
    return read_list<listed_container>(message, &container_of);
}

result<std::vector<listed_sandbox>> read_sandboxes(std::string_view message)
{
    return read_list<listed_sandbox>(message, &sandbox_of);
}

result<container_status> read_container_status(std::string_view message)
{
    auto parts = read_status_parts(message);
    if (!parts) return parts.error();
    const auto said = parsed<wire::ContainerStatus>(*parts->status, "the container");
    if (!said) return said.error();
    container_status status;
    take_container(*said, status);
    status.started_at = said->started_at();
    status.finished_at = said->finished_at();
    status.exit_code = said->exit_code();
    status.reason = word(said->reason());
    status.log_path = word(said->log_path());
    status.image_name = image_name_of(*said);
    for (const wire::Mount& one : said->mounts()) {
        if (status.mounts.size() == mount_limit) break;
        status.mounts.push_back(mount_of(one));
    }
    status.info = std::move(parts->info["info"]);
    return status;
}

result<sandbox_status> read_sandbox_status(std::string_view message)
{
    constexpr std::int32_t of_the_node = 2;
    auto parts = read_status_parts(message);
    if (!parts) return parts.error();
    const auto said = parsed<wire::PodSandboxStatus>(*parts->status, "the sandbox");
    if (!said) return said.error();
    sandbox_status status;
    take_sandbox(*said, status);
    status.host_network = said->linux().namespaces().options().network() == of_the_node;
    if (!said->network().ip().empty()) status.addresses.push_back(word(said->network().ip()));
    for (const wire::PodIp& one : said->network().additional_ips()) {
        if (status.addresses.size() == address_limit) break;
        status.addresses.push_back(word(one.ip()));
    }
    status.info = std::move(parts->info["info"]);
    return status;
}

result<runtime_status> read_runtime_status(std::string_view message)
{
    auto parts = read_status_parts(message);
    if (!parts) return parts.error();
    runtime_status status;
    status.info = std::move(parts->info);
    const auto walked =
        for_each_part(*parts->status, "the runtime's status", [&](unsigned number, std::string_view part) {
            if (number != 1 || status.conditions.size() == condition_limit) return result<void>();
            const auto said = parsed<wire::RuntimeCondition>(part, "a condition");
            if (!said) return result<void>(said.error());
            runtime_condition& one = status.conditions.emplace_back();
            one.type = word(said->type());
            one.status = said->status();
            one.reason = word(said->reason());
            one.message = word(said->message());
            return result<void>();
        });
    if (!walked) return walked.error();
    return status;
}

}  // namespace nodescope::cri
