#include "collectors/runtime/cri/docker_words.hpp"

#include "collectors/runtime/human_words.hpp"
#include "core/ascii.hpp"
#include "core/json/members.hpp"
#include "core/json/reader.hpp"
#include "core/json/writer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::cri {

namespace {

constexpr std::int64_t highest_port = 65'535;

std::string ago(std::int64_t at, std::chrono::nanoseconds now)
{
    const auto length = std::max(now - std::chrono::nanoseconds(at), std::chrono::nanoseconds(0));
    return human_duration(std::chrono::duration_cast<std::chrono::seconds>(length));
}

void write_port(json_writer& out, std::string_view said)
{
    std::int64_t inside = 0;
    std::int64_t outside = 0;
    if (!read_json_members(said, {{"containerPort", &inside}, {"hostPort", &outside}})) return;
    if (inside <= 0 || inside > highest_port) return;
    const std::string address = json_text_member(said, "hostIP");
    const std::string protocol = lower_case(json_text_member(said, "protocol"));
    out.object([&] {
        if (outside > 0 && outside <= highest_port) out.member("IP", address.empty() ? "0.0.0.0" : address.c_str());
        out.member("PrivatePort", inside);
        if (outside > 0 && outside <= highest_port) out.member("PublicPort", outside);
        out.member("Type", protocol.empty() ? "tcp" : protocol.c_str());
    });
}

}  // namespace

std::size_t size_of(const container_details& one) noexcept
{
    std::size_t size = sizeof(one) + one.image.size() + one.command.size();
    for (const container_mount& mount : one.mounts)
        size += sizeof(mount) + mount.source.size() + mount.destination.size();
    return size;
}

std::string status_text(const container_details& of, std::chrono::nanoseconds now)
{
    switch (of.state) {
        case container_state::created: return "Created";
        case container_state::running: return of.started_at > 0 ? "Up " + ago(of.started_at, now) : "Up";
        case container_state::exited:
            if (!of.says_exit) return "Exited";
            if (of.finished_at <= 0) return fmt::format("Exited ({})", of.exit_code);
            return fmt::format("Exited ({}) {} ago", of.exit_code, ago(of.finished_at, now));
        case container_state::unknown: break;
    }
    return "Unknown";
}

std::string ports_json(std::string_view annotation)
{
    std::string ports;
    json_writer out(ports);
    out.array([&] {
        const auto whole = json_document(annotation);
        if (!whole || json_kind_of(*whole) != json_kind::array) return;
        // What was written before an error stands.
        (void)for_each_json_element(*whole, [&](std::string_view one) { write_port(out, one); });
    });
    return ports;
}

}  // namespace nodescope::cri
