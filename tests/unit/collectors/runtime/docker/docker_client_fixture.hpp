// A client of a fake daemon.
#pragma once

#include "collectors/runtime/docker/docker_client.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace nodescope::docker {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::fake_peer;
using testing::run_task;
using testing::temporary_directory;

inline const std::string id_a(64, 'a');

inline std::string target_of(const std::string& request)
{
    const auto begin = request.find(' ') + 1;
    return request.substr(begin, request.find(' ', begin) - begin);
}

inline std::string inspect_body(const std::string& id, const std::string& name)
{
    return R"({"Id":")" + id + R"(","Name":"/)" + name + R"(","State":{"Status":"running","Pid":42}})";
}

/// A client of a fake daemon whose answers a test gives by target ("/v1.41/info").
class DockerClient : public ::testing::Test {
protected:
    using answer = std::function<void(fake_peer::session&, const std::string& target)>;

    void play(answer reply, std::string version = "1.41")
    {
        peer.reset();
        peer = std::make_unique<fake_peer>(socket, [reply = std::move(reply), version](fake_peer::session& on) {
            for (;;) {
                const std::string request = on.read_request();
                if (request.empty()) return;
                if (target_of(request) == "/_ping") {
                    on.answer("OK", version.empty() ? "" : "Api-Version: " + version + "\r\n");
                } else {
                    reply(on, target_of(request));
                }
            }
        });
    }

    client& with(steady_clock::duration timeout = 10s, const std::string& version = "")
    {
        client_options options(timeout);
        options.host = "unix://" + socket;
        options.api_version = version;
        auto made = make_client(reactor.get_executor(), workers, options, log);
        EXPECT_TRUE(made) << made.error();
        made_ = std::move(*made);
        return *made_;
    }

    result<shared_body> list(client& docker) { return run_task(reactor, docker.list_containers(deadline::in(10s))); }
    result<shared_body> info(client& docker) { return run_task(reactor, docker.info(deadline::in(10s))); }
    result<container> inspect(client& docker, const std::string& id)
    {
        const auto reference = container_reference::parse(id);
        EXPECT_TRUE(reference) << reference.error();
        return run_task(reactor, docker.inspect(*reference, deadline::in(10s)));
    }

    temporary_directory directory;
    std::string socket = (directory.path() / "docker.sock").string();
    logger log{log_level::error, log_format::text};
    asio::io_context reactor{1};
    worker_pool workers;
    std::unique_ptr<fake_peer> peer;
    std::unique_ptr<client> made_;
};

}  // namespace nodescope::docker
