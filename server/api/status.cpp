#include "server/api/status.hpp"

#include "core/json/writer.hpp"

#include <utility>

namespace nodescope::api {

std::string status_text(const service_state& state)
{
    std::string out;
    json_writer json(out);
    json.object([&] {
        json.member("version", NODESCOPE_VERSION);
        json.member("connections", state.connections);
        json.member("requestsInFlight", state.server.in_flight);
        json.object_member("backends", [&] {
            for (const backend_state& one : state.backends) {
                json.map_key(one.name);
                json.object([&] {
                    json.member("up", one.statistics.up);
                    json.member("calls", one.statistics.calls);
                    json.member("failures", one.statistics.failures);
                    json.member("deadlineMisses", one.statistics.deadline_misses);
                });
            }
        });
        json.object_member("kernelReads", [&] {
            json.member("running", state.workers_busy);
            json.member("hanging", state.workers_abandoned);
            json.member("deadlineMisses", state.worker_deadline_misses);
        });
        json.object_member("leftOut", [&] {
            json.member("dockerStrings", state.left_out.docker_strings);
            json.member("containerTexts", state.left_out.container_texts);
            json.member("samples", state.left_out.samples);
            json.member("events", state.left_out.events);
            json.member("ends", state.left_out.ends);
            json.member("applicationFigures", state.left_out.application_figures);
            json.member("requestBodies", state.left_out.request_bodies);
            json.member("answers", state.left_out.answers);
        });
        json.object_member("processLists", [&] {
            json.member("readersKilled", state.readers_killed);
            json.member("unread", state.processes.unread);
            json.member("leftOut", state.processes.left_out);
        });
        json.object_member("credentials", [&] {
            for (const auth::reload_statistics& one : state.access.reloads) {
                json.map_key(one.what);
                json.value(one.outdated ? "outdated" : "in use");
            }
        });
    });
    return out += '\n';
}

std::vector<http::route> status_routes(std::function<service_state()> state)
{
    const auto answer = [state = std::move(state)](const http::request&) -> task<http::reply> {
        co_return http::reply(200, "application/json; charset=utf-8", status_text(state()));
    };
    std::vector<http::route> routes;
    routes.emplace_back(http::method::get, "/status", answer).gives = http::area::metrics;
    return routes;
}

}  // namespace nodescope::api
