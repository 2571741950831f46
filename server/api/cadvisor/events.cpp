#include "server/api/cadvisor/events.hpp"

#include "core/json/writer.hpp"
#include "core/text_scan.hpp"
#include "server/api/cadvisor/go_json.hpp"
#include "server/api/cadvisor/go_values.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

using cadvisor::event;

/// How long one wait for an event takes at most; then the next begins.
constexpr std::chrono::hours event_wait{1};

std::string_view type_name(event::kind type) noexcept
{
    switch (type) {
        case event::kind::oom: return "oom";
        case event::kind::oom_kill: return "oomKill";
        case event::kind::creation: return "containerCreation";
        case event::kind::deletion: return "containerDeletion";
    }
    return "unknown";
}

void append_event(go_json& json, const event& what)
{
    json.object([&] {
        json.member("container_name", what.container_name);
        json.time_member("timestamp", what.timestamp);
        json.member("event_type", type_name(what.type));
        json.object_member("event_data", [&] {
            if (what.type == event::kind::oom_kill) {
                json.object_member("oom", [&] {
                    json.member("pid", what.pid);
                    json.member("process_name", what.process_name);
                    json.member_unless_empty("constraint", what.constraint);
                });
            } else if (what.type == event::kind::deletion) {
                json.object_member("container_deletion", [&] { json.member("exit_code", what.exit_code); });
            }
        });
    });
}

class event_lines final : public http::body_stream {
public:
    explicit event_lines(std::unique_ptr<cadvisor::event_stream> events) : events_(std::move(events)) {}

    task<std::optional<std::string>> next() override
    {
        for (;;) {
            const auto came = co_await events_->next(deadline::in(event_wait));
            if (!came) co_return std::nullopt;
            if (!*came) continue;
            std::string line;
            go_json json(line);
            append_event(json, **came);
            line += '\n';
            co_return line;
        }
    }

private:
    std::unique_ptr<cadvisor::event_stream> events_;
};

}  // namespace

result<event_request> read_event_request(const cadvisor_request& asked)
{
    const auto is_true = [&](std::string_view name) { return is_go_true(asked.parameters.get(name)); };
    event_request out;
    cadvisor::event_filter& filter = out.filter;
    filter.container_name = asked.container;
    filter.subcontainers = is_true("subcontainers");
    const bool all = is_true("all_events");
    filter.oom = all || is_true("oom_events");
    filter.oom_kill = all || is_true("oom_kill_events");
    filter.creation = all || is_true("creation_events");
    filter.deletion = all || is_true("deletion_events");
    const auto most = whole_number<std::int64_t>(asked.parameters.get("max_events"));
    if (most) filter.max_events = *most;
    filter.start_time = parse_go_time(asked.parameters.get("start_time"));
    filter.end_time = parse_go_time(asked.parameters.get("end_time"));
    out.stream = is_true("stream");
    if (out.stream && (filter.start_time || filter.end_time)) {
        return error(failure::invalid,
                     "for a call to watch, request.StartTime and request.EndTime must be uninitialized");
    }
    return out;
}

std::size_t event_bytes(const cadvisor::event_list& events)
{
    constexpr std::size_t around_names = 160;
    std::size_t bytes = 0;
    for (const auto& one : events) bytes += around_names + one->names_bytes;
    return bytes;
}

std::string events_json(const cadvisor::event_list& events)
{
    std::string out;
    // A text that grows is copied, and there twice for a moment.
    out.reserve(event_bytes(events));
    go_json json(out);
    json.array(events, [&](const auto& one) { append_event(json, *one); });
    return out;
}

http::reply event_stream_reply(std::unique_ptr<cadvisor::event_stream> events)
{
    http::reply out(200, "", "");
    out.stream = std::make_unique<event_lines>(std::move(events));
    return out;
}

}  // namespace nodescope::api
