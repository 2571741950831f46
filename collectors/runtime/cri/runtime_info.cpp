#include "collectors/runtime/cri/runtime_info.hpp"

#include "core/json/reader.hpp"
#include "core/json/writer.hpp"
#include "core/text.hpp"

#include <string_view>

namespace nodescope::cri {

namespace {

/// containerd's is 3 KiB. What is longer than an answer may be is of no use.
constexpr std::size_t config_limit = 256U << 10U;

void write_config(json_writer& out, const std::string& config)
{
    const auto whole = json_document(config);
    const bool usable =
        whole && json_kind_of(*whole) == json_kind::object && config.size() <= config_limit && is_valid_utf8(config);
    if (!usable) return;
    out.object_member("config", [&] {
        // json_document() has found no error.
        (void)for_each_json_member(*whole, [&](std::string_view key, std::string_view value) {
            if (key == "registry") return;
            out.map_key(key);
            out.raw(value);
        });
    });
}

}  // namespace

std::string info_json(const version_answer& version, const runtime_status& status, const std::string& endpoint)
{
    std::string text;
    json_writer out(text);
    out.object([&] {
        out.member("runtimeName", version.runtime_name);
        out.member("runtimeVersion", version.runtime_version);
        out.member("runtimeApiVersion", version.api_version);
        out.member("endpoint", endpoint);
        out.objects_member("conditions", status.conditions, [&](const runtime_condition& one) {
            out.member("type", one.type);
            out.member("status", one.status);
            out.member("reason", one.reason);
            out.member("message", one.message);
        });
        if (const auto config = status.info.find("config"); config != status.info.end())
            write_config(out, config->second);
    });
    return text;
}

}  // namespace nodescope::cri
