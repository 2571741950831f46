// The state of Docker is told in /status and /metrics alone.
#include "server/api/status.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

TEST(Status, TellsOfTheServiceAndOfWhatItLastHeard)
{
    service_state state;
    state.connections = 3;
    state.server.in_flight = 1;
    state.workers_busy = 2;
    state.workers_abandoned = 1;
    state.worker_deadline_misses = 7;
    state.readers_killed = 4;
    state.processes.unread = 5;
    state.processes.left_out = 6;
    state.left_out.docker_strings = 9;
    state.left_out.container_texts = 10;
    state.left_out.samples = 8;
    state.left_out.events = 7;
    state.left_out.ends = 12;
    state.left_out.application_figures = 11;
    state.left_out.request_bodies = 6;
    state.left_out.answers = 5;
    backend_statistics docker;
    docker.count(true, false);
    docker.count(false, true);
    state.backends.push_back({"docker", docker});
    state.backends.push_back({"kubernetes", backend_statistics()});
    state.access.reloads.push_back({"tokens", 1, 0, false});
    state.access.reloads.push_back({"certificates", 0, 3, true});
    EXPECT_EQ(status_text(state),
              "{\"version\":\"" NODESCOPE_VERSION
              "\",\"connections\":3,\"requestsInFlight\":1,"
              "\"backends\":{\"docker\":{\"up\":false,\"calls\":2,\"failures\":1,\"deadlineMisses\":1},"
              "\"kubernetes\":{\"up\":null,\"calls\":0,\"failures\":0,\"deadlineMisses\":0}},"
              "\"kernelReads\":{\"running\":2,\"hanging\":1,\"deadlineMisses\":7},"
              "\"leftOut\":{\"dockerStrings\":9,\"containerTexts\":10,\"samples\":8,\"events\":7,"
              "\"ends\":12,\"applicationFigures\":11,\"requestBodies\":6,"
              "\"answers\":5},"
              "\"processLists\":{\"readersKilled\":4,\"unread\":5,\"leftOut\":6},"
              "\"credentials\":{\"tokens\":\"in use\",\"certificates\":\"outdated\"}}\n");
}

TEST(Status, IsAnObjectWhereThereIsNothingToTell)
{
    EXPECT_NE(status_text(service_state()).find("\"backends\":{},"), std::string::npos);
}

}  // namespace
}  // namespace nodescope::api
