#include "server/api/processors/net_info_reply.hpp"

#include "core/json/writer.hpp"
#include "core/text.hpp"
#include "server/api/processors/reply_object.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace nodescope::api {

namespace {

constexpr std::string_view key_prefix = "collector.kubernetes.container.";
constexpr std::string_view errors_key = "collector.kubernetes.container.Errors";
/// In Errors, for what is no part: why no runtime said which process it is.
constexpr std::string_view runtime_error_name = "runtime";
/// And why the network is not that of the process, or may not be the container's.
constexpr std::string_view network_error_name = "NetNamespace";

/// Room left in an answer for the Errors member: six parts, the runtime and the network with a sentence each.
constexpr std::size_t errors_reserve_bytes = 4096;
/// Longest sentence in it, so that the reserve is enough whatever the bytes: each may grow sixfold when escaped twice.
constexpr std::size_t error_sentence_limit_bytes = 256;

/// What a part is called in Errors: its key without the prefix.
std::string_view error_name(const net_part& part)
{
    const std::string_view key = part.key;
    return key.starts_with(key_prefix) ? key.substr(key_prefix.size())
                                       : key.substr(key.rfind('.', key.rfind('.') - 1) + 1);
}

error nothing_known(const net_info& found)
{
    failure kind = failure::internal;
    std::string reasons;
    for (const net_part& each : net_parts) {
        const auto& reason = (found.*each.text).reason;
        if (!reason) continue;
        if (reasons.empty()) kind = reason->kind();
        // Parts that fail together usually do so for one reason: say it once.
        if (reasons.find(reason->message()) != std::string::npos) continue;
        if (!reasons.empty()) reasons += "; ";
        reasons += reason->message();
    }
    return error(kind, fmt::format("net info of process {}: {}", found.pid, reasons));
}

std::string errors_object(const std::map<std::string_view, std::string>& errors)
{
    std::string object;
    json_writer json(object);
    json.object([&] {
        for (const auto& [part, reason] : errors) {
            json.map_key(part);
            json.value(escape_untrusted(reason, error_sentence_limit_bytes));
        }
    });
    return object;
}

}  // namespace

result<std::string> net_info_reply(const net_info& found, std::size_t max_reply_bytes)
{
    if (!found.has_text()) return nothing_known(found);

    const std::string pid = std::to_string(found.pid);
    const std::string inode = std::to_string(found.space.inode);
    std::map<std::string_view, std::string> errors;

    reply_object object;
    object.add("collector.kubernetes.container.Pid", pid);
    for (const net_part& each : net_parts) {
        const text_part& part = found.*each.text;
        if (part.text) object.add(each.key, *part.text, cut_at::line);
        if (part.reason) errors[error_name(each)] = part.reason->message();
        else if (!part.note.empty()) errors[error_name(each)] = part.note;
        else if (!part.consistent) errors[error_name(each)] = "changed while it was read: may show a mixture";
    }
    if (!found.container_id.empty()) {
        object.add("collector.kubernetes.container.Id", found.container_id);
        if (!found.container_name.empty()) object.add("collector.kubernetes.container.Name", found.container_name);
        object.add("collector.kubernetes.container.ResolvedBy", found.resolved_by);
    }
    if (found.runtime_failure) errors[runtime_error_name] = found.runtime_failure->message();
    object.add("collector.kubernetes.container.NetNamespace", inode);
    object.add("collector.kubernetes.container.HostNetwork", found.host_network ? "true" : "false");
    if (!found.verified) object.add("collector.kubernetes.container.Verified", "false");
    if (!found.network_note.empty()) errors[network_error_name] = found.network_note;

    auto rendered = object.render(max_reply_bytes, errors_reserve_bytes);
    if (!rendered) return rendered.error();
    for (const cut_note& cut : rendered->cuts) {
        for (const net_part& each : net_parts) {
            if (each.key != cut.key) continue;
            std::string& said = errors[error_name(each)];
            said = fmt::format("cut after {} of {} lines{}{}", cut.kept, cut.total, said.empty() ? "" : "; ", said);
        }
    }
    if (!errors.empty()) append_json_member(rendered->body, errors_key, errors_object(errors));
    return std::move(rendered->body);
}

}  // namespace nodescope::api
