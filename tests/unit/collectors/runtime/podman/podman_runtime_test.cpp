// Podman with and without a service, on a node in a folder.
#include "collectors/runtime/podman/podman_runtime.hpp"
#include "core/log.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace nodescope::podman {
namespace {

using namespace std::chrono_literals;
using nodescope::testing::fake_peer;
using nodescope::testing::run_task;

const std::string id_a(64, 'a');
const std::string graph = "/var/lib/containers/storage";
const std::string run = "/run/containers/storage";

class PodmanRuntime : public ::testing::Test {
protected:
    PodmanRuntime()
    {
        keep("web");
        std::filesystem::create_directories(root_.path() + run);
        root_.write("/proc/stat", "btime 1700000000\n");
        docker::client_options service(10s);
        service.host = "unix://" + socket_;
        runtime_options options(std::move(service), 10s);
        options.files.root = root_.path();
        auto made = make_runtime(reactor_.get_executor(), workers_, std::move(options), log_);
        EXPECT_TRUE(made) << made.error();
        podman_ = std::move(*made);
    }
    void keep(const std::string& name, const std::string& driver = "overlay") const
    {
        root_.write(
            fmt::format("{}/{}-containers/containers.json", graph, driver),
            fmt::format(R"([{{"id":"{}","names":["{}"],"layer":"{}","metadata":"{{\"image-name\":\"busybox:local\"}}",)"
                        R"("image":"0123","created":"2026-01-01T00:00:00Z"}}])",
                        id_a, name, std::string(64, '1')));
    }
    void start(pid_t pid, std::uint64_t ticks) const
    {
        root_.write(fmt::format("{}/overlay-containers/{}/userdata/pidfile", run, id_a), std::to_string(pid));
        root_.write(fmt::format("/proc/{}/stat", pid),
                    fmt::format("{} (sh) S 1 1 1 0 -1 4194560 1 0 0 0 1 0 0 0 20 0 1 0 {} 1 1 1\n", pid, ticks));
    }
    result<container> inspect(const std::string& text)
    {
        return run_task(reactor_, podman_->inspect(*container_reference::parse(text), deadline::in(10s)));
    }
    result<docker::shared_body> list() { return run_task(reactor_, podman_->list_containers(deadline::in(10s))); }
    void serve(const std::string& body, const std::string& status = "200 OK")
    {
        peer_.reset();
        peer_ = std::make_unique<fake_peer>(socket_, [body, status](fake_peer::session& on) {
            for (std::string asked = on.read_request(); !asked.empty(); asked = on.read_request()) {
                const bool ping = asked.starts_with("GET /_ping ");
                on.answer(ping ? "OK" : body, "Api-Version: 1.41\r\nLibpod-Api-Version: 4.3.1\r\n",
                          ping ? "200 OK" : status);
            }
        });
    }

    testing::temporary_root root_;
    testing::temporary_directory directory_;
    const std::string socket_ = (directory_.path() / "podman.sock").string();
    boost::asio::io_context reactor_{1};
    worker_pool workers_{1};
    logger log_{log_level::error, log_format::text, [](std::string_view) {}};
    std::unique_ptr<fake_peer> peer_;
    std::unique_ptr<runtime_client> podman_;
};

TEST_F(PodmanRuntime, WithoutAServiceNamesContainersByItsFiles)
{
    EXPECT_TRUE(podman_->is_there());
    for (const std::string& text : {std::string("web"), id_a, id_a.substr(0, 12), "podman://" + id_a}) {
        const auto got = inspect(text);
        ASSERT_TRUE(got) << text << ": " << got.error();
        EXPECT_EQ(got->runtime, "podman");
        EXPECT_EQ(got->id, id_a);
        EXPECT_EQ(got->name, "web");
        EXPECT_EQ(got->image, "busybox:local");
        EXPECT_EQ(got->created, "2026-01-01T00:00:00Z");
        EXPECT_EQ(got->storage_driver, "overlay");
        EXPECT_EQ(got->upper_directory, graph + "/overlay/" + std::string(64, '1') + "/diff");
        EXPECT_EQ(got->status, "exited");
        EXPECT_EQ(got->pid, 0);
    }
    EXPECT_EQ(inspect("nosuch").error().kind(), failure::gone);
}

TEST_F(PodmanRuntime, TheProcessIsTheOneThatBeganBeforeItsNumberWasNotedDown)
{
    start(4711, 100);
    const auto got = inspect("web");
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->pid, 4711);
    EXPECT_EQ(got->status, "running");
    EXPECT_NE(got->started_at, "");
    // The number is another's by now.
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    start(4711, static_cast<std::uint64_t>((now.count() - 1'700'000'000 + 3600) * ::sysconf(_SC_CLK_TCK)));
    EXPECT_EQ(inspect("web")->pid, 0);
    start(4711, 100);
    std::filesystem::remove_all(root_.path() + "/proc/4711");
    EXPECT_EQ(inspect("web")->status, "exited");
}

TEST_F(PodmanRuntime, ARenameIsSeen)
{
    EXPECT_EQ(inspect(id_a)->name, "web");
    keep("other");
    EXPECT_EQ(inspect(id_a)->name, "other");
    EXPECT_EQ(inspect("web").error().kind(), failure::gone);
}

TEST_F(PodmanRuntime, FilesThatOthersCanWriteAreNotBelieved)
{
    const std::string file = root_.path() + graph + "/overlay-containers/containers.json";
    ASSERT_EQ(::chmod(file.c_str(), 0666), 0);
    EXPECT_EQ(inspect("web").error().kind(), failure::denied);
    ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
    start(4711, 100);
    const std::string number = fmt::format("{}{}/overlay-containers/{}/userdata/pidfile", root_.path(), run, id_a);
    ASSERT_EQ(::chmod(number.c_str(), 0666), 0);
    EXPECT_EQ(inspect("web")->pid, 0);
}

TEST_F(PodmanRuntime, BrokenFilesAreSaidToBe)
{
    root_.write(graph + "/overlay-containers/containers.json", "[{");
    const auto got = inspect("web");
    EXPECT_EQ(got.error().kind(), failure::malformed);
    EXPECT_TRUE(got.error().message().starts_with("podman: " + root_.path() + graph)) << got.error();
    std::filesystem::remove_all(root_.path() + graph);
    EXPECT_EQ(inspect("web").error().kind(), failure::gone);
}

TEST_F(PodmanRuntime, ItsOtherStorageDriversAreKnown)
{
    std::filesystem::remove_all(root_.path() + graph);
    keep("web", "vfs");
    EXPECT_EQ(inspect("web")->upper_directory, graph + "/vfs/dir/" + std::string(64, '1'));
}

TEST_F(PodmanRuntime, AServiceIsAskedWhereOneRuns)
{
    serve(R"({"Id":")" + id_a +
          R"(","Name":"/web","State":{"Status":"running","Pid":7},"Config":{"Labels":{"a":"b"}}})");
    const auto got = inspect("web");
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->runtime, "podman");
    EXPECT_EQ(got->pid, 7);
    EXPECT_EQ(got->labels.at("a"), "b");
    // What it does not know the files do not know better.
    serve(R"({"message":"no such container"})", "404 Not Found");
    EXPECT_EQ(inspect("web").error().kind(), failure::gone);
}

TEST_F(PodmanRuntime, AServiceThatFailsCostsNoName)
{
    serve(R"({"message":"database is locked"})", "500 Internal Server Error");
    const auto got = inspect("web");
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->image, "busybox:local");
    EXPECT_EQ(inspect("nosuch").error().message(),
              "podman: GET /containers/nosuch/json: the daemon answered 500: database is locked");
}

TEST_F(PodmanRuntime, ListsByItsFilesInDockersShape)
{
    root_.write(fmt::format("{}/overlay-containers/{}/userdata/config.json", graph, id_a),
                R"({"process":{"args":["sh","-c","sleep 1"]},"linux":{"namespaces":[{"type":"pid"}]}})");
    const auto stopped = list();
    ASSERT_TRUE(stopped) << stopped.error();
    EXPECT_EQ((*stopped)->text,
              R"([{"Id":")" + id_a +
                  R"(","Names":["/web"],"Image":"busybox:local","ImageID":"sha256:0123","Command":"sh -c 'sleep 1'",)"
                  R"("Created":1767225600,"Ports":[],"Labels":{},"State":"exited","Status":"Exited",)"
                  R"("HostConfig":{"NetworkMode":"host"},"NetworkSettings":{"Networks":{}},"Mounts":[]}])");
    start(4711, 100);
    EXPECT_NE((*list())->text.find(R"("State":"running","Status":"Up )"), std::string::npos);
    serve("[]");
    EXPECT_EQ((*list())->text, "[]") << "a service knows more";
}

TEST_F(PodmanRuntime, IsNotThereWhereItNeverRan)
{
    std::filesystem::remove_all(root_.path() + run);
    EXPECT_FALSE(podman_->is_there());
    serve("[]");
    EXPECT_TRUE(podman_->is_there());
}

TEST(PodmanSockets, AreRootsAndTheUsersOwn)
{
    ::setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1);
    EXPECT_EQ(usual_sockets("/"),
              (std::vector<std::string>{"/run/podman/podman.sock", "/run/user/1000/podman/podman.sock"}));
    EXPECT_EQ(usual_sockets("/host").front(), "/host/run/podman/podman.sock");
    ::setenv("XDG_RUNTIME_DIR", "relative", 1);
    EXPECT_EQ(usual_sockets("/").size(), 1U);
    ::unsetenv("XDG_RUNTIME_DIR");
    EXPECT_EQ(usual_sockets("/").size(), 1U);
}

}  // namespace
}  // namespace nodescope::podman
