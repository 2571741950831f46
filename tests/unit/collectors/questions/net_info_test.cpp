#include "collectors/questions/net_info.hpp"
#include "core/process/program_runner.hpp"
#include "tests/support/namespace_child.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <iterator>

#include <sys/stat.h>
#include <unistd.h>

using namespace nodescope;
using namespace std::chrono_literals;
using nodescope::testing::namespace_child;
using nodescope::testing::run_task;
using nodescope::testing::temporary_root;

namespace {

const std::string id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
constexpr pid_t container_pid = 17209;
constexpr pid_t next_pid = 17300;

container container_with(std::string status, std::int64_t pid)
{
    container state;
    state.id = id;
    state.name = "web";
    state.status = std::move(status);
    state.pid = pid;
    state.started_at = "2026-11-21T01:53:44.477455256Z";
    return state;
}

// Answers each inspect with the next of `states`; the last one stays.
class fake_runtime final : public runtime {
public:
    std::deque<result<container>> states;
    std::vector<std::string> asked;

    task<result<runtime_facts>> facts(deadline) override { co_return error(); }
    task<result<std::string>> storage_root(deadline) override { co_return error(); }
    task<result<container>> inspect(container_reference which, deadline) override
    {
        asked.push_back(which.text());
        co_return next();
    }
    task<result<container>> find_pod_container(std::string pod_namespace, std::string pod_name, std::string container,
                                               deadline) override
    {
        asked.push_back(pod_namespace + "/" + pod_name + "/" + container);
        co_return next();
    }
    [[nodiscard]] std::string_view name() const noexcept override { return "fake"; }
    [[nodiscard]] bool answers_to(reference_scheme) const noexcept override { return true; }
    void drop_idle() override {}

private:
    result<container> next()
    {
        auto state = states.front();
        if (states.size() > 1) states.pop_front();
        return state;
    }
};

// What a test tells the reads to do, and what they were asked. The blocking part runs on a pool thread.
struct reader_script {
    std::function<void(netlink_progress&, const abandon_flag&)> netlink = [](netlink_progress& progress,
                                                                             const abandon_flag&) {
        progress.put(&netlink_texts::addresses, text_part("addresses"));
        progress.put(&netlink_texts::route, text_part("route"));
        progress.put(&netlink_texts::route6, text_part("route6"));
    };
    bool nat_hangs = false;
    bool nat_throws = false;
    std::atomic<int> netlink_reads{0};
    int nat_reads = 0;
    std::vector<pid_t> nat_of;
};

class scripted_reader final : public namespace_reader {
public:
    explicit scripted_reader(reader_script& script) : script_(script) {}

    void blocking_look(opened_namespace&, deadline) override {}

    void blocking_read_netlink(const opened_namespace&, deadline, const abandon_flag& abandoned,
                               netlink_progress& progress) override
    {
        ++script_.netlink_reads;
        script_.netlink(progress, abandoned);
    }

    task<nat_texts> read_nat(std::shared_ptr<const opened_namespace> where, deadline limit) override
    {
        ++script_.nat_reads;
        script_.nat_of.push_back(where->process.pid());
        if (script_.nat_throws) throw std::runtime_error("a defect");
        nat_texts texts;
        if (script_.nat_hangs) {
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, limit.at());
            co_await timer.async_wait(boost::asio::use_awaitable);
            texts.nat = text_part(error(failure::timed_out, "iptables-save: not finished"));
            co_return texts;
        }
        texts.nat = text_part("nat of " + std::to_string(where->process.pid()));
        co_return texts;
    }

private:
    reader_script& script_;
};

std::size_t open_descriptors()
{
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

// A node whose process 17209 is the container's, in a network namespace that is this program's own; process 1 is
// elsewhere.
class NetInfo : public ::testing::Test {
protected:
    NetInfo()
    {
        root_.write("/proc/stat", "btime 1795223986\n");
        add_process(container_pid, "0::/docker/" + id + "\n");
        add_process(1, "0::/\n");
        set_namespace(1, "/proc/self/ns/uts");
        docker_.states.emplace_back(container_with("running", container_pid));
        options_.root = root_.path();
    }

    void add_process(pid_t pid, const std::string& cgroup)
    {
        const std::string directory = "/proc/" + std::to_string(pid);
        root_.write(directory + "/stat",
                    std::to_string(pid) + " (x) S 1 1 1 0 -1 1 1 0 0 0 1 0 0 0 20 0 1 0 203810 1\n");
        root_.write(directory + "/cgroup", cgroup);
        set_namespace(pid, "/proc/self/ns/net");
    }

    void set_namespace(pid_t pid, const std::string& target)
    {
        root_.link("/proc/" + std::to_string(pid) + "/ns/net", target);
    }

    net_info_collector& collector()
    {
        if (!collector_) {
            collector_ = std::make_unique<net_info_collector>(
                runtimes_, pool_, std::make_unique<scripted_reader>(script_), options_, log_);
        }
        return *collector_;
    }

    static net_info_query by_id(std::string_view text = "web")
    {
        return net_info_query::of_container(container_reference::parse(text).value());
    }

    result<net_info> collect(net_info_query query, steady_clock::duration limit = 10s)
    {
        return run_task(reactor_, collector().collect(std::move(query), deadline::in(limit)));
    }

    boost::asio::io_context reactor_{1};
    logger log_{log_level::error, log_format::text, [](std::string_view) {}};
    temporary_root root_;
    runtimes runtimes_;
    fake_runtime& docker_ = runtimes_.add(std::make_unique<fake_runtime>());
    const runtimes no_runtime_;
    reader_script script_;
    net_info_options options_{5s, 5s, 5s};
    worker_pool pool_{3};
    std::unique_ptr<net_info_collector> collector_;
};

}  // namespace

TEST_F(NetInfo, OfAContainerTellsWhatWasInspected)
{
    struct stat own {};
    ASSERT_EQ(::stat("/proc/self/ns/net", &own), 0);

    const auto info = collect(by_id());

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(docker_.asked, std::vector<std::string>{"web"});
    EXPECT_EQ(info->pid, container_pid);
    EXPECT_EQ(info->container_id, id);
    EXPECT_EQ(info->container_name, "web");
    EXPECT_EQ(info->space.inode, own.st_ino);
    EXPECT_TRUE(info->verified);
    EXPECT_FALSE(info->host_network);
    EXPECT_EQ(info->addresses.text, "addresses");
    EXPECT_EQ(info->route.text, "route");
    EXPECT_EQ(info->route6.text, "route6");
    EXPECT_EQ(info->nat.text, "nat of 17209");
    EXPECT_FALSE(info->nat6.text || info->nat6.reason);
    EXPECT_FALSE(info->node_nat.text || info->node_nat.reason);
    EXPECT_TRUE(info->has_text());
}

TEST_F(NetInfo, OfAPodAsksForItsLabels)
{
    const auto info = collect(net_info_query::of_pod("default", "web-0", "app"));
    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(docker_.asked, std::vector<std::string>{"default/web-0/app"});
    EXPECT_EQ(info->pid, container_pid);
}

TEST_F(NetInfo, OfAProcessAsksNoRuntime)
{
    net_info_collector without(no_runtime_, pool_, std::make_unique<scripted_reader>(script_), options_, log_);

    const auto info = run_task(reactor_, without.collect(net_info_query::of_process(container_pid), deadline::in(10s)));
    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->pid, container_pid);
    EXPECT_EQ(info->container_id, "");
    EXPECT_TRUE(info->verified);

    const auto refused = run_task(reactor_, without.collect(by_id(), deadline::in(10s)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind(), failure::unavailable);
}

TEST_F(NetInfo, OfNoProcessIsGone)
{
    const auto info = collect(net_info_query::of_process(4242));
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().kind(), failure::gone);
    EXPECT_NE(info.error().message().find("process 4242"), std::string::npos);
}

TEST_F(NetInfo, OfAContainerThatIsNotRunningIsAConflict)
{
    for (const char* status : {"created", "exited", "dead", "restarting", "removing", ""}) {
        docker_.states = {container_with(status, container_pid)};
        const auto info = collect(by_id());
        ASSERT_FALSE(info) << status;
        EXPECT_EQ(info.error(),
                  error(failure::conflict, std::string("container is not running: web (8fed049dc1fa) is ") + status));
    }
    for (const std::int64_t pid : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::int64_t{::getpid()}}) {
        docker_.states = {container_with("running", pid)};
        const auto info = collect(by_id());
        ASSERT_FALSE(info) << pid;
        EXPECT_EQ(info.error().kind(), failure::conflict);
        EXPECT_TRUE(info.error().message().starts_with("container is not running: web (8fed049dc1fa) has ")) << pid;
    }
    EXPECT_EQ(script_.netlink_reads, 0);
    EXPECT_EQ(script_.nat_reads, 0);
}

TEST_F(NetInfo, OfAPausedContainerIsAnswered)
{
    docker_.states = {container_with("paused", container_pid)};
    EXPECT_TRUE(collect(by_id()));
}

TEST_F(NetInfo, PassesOnWhatTheRuntimeSays)
{
    docker_.states = {error(failure::gone, "no such container: web")};
    EXPECT_EQ(collect(by_id()).error(), error(failure::gone, "no such container: web"));
}

// Restarted between inspect and open, and the number is another's now.
TEST_F(NetInfo, InspectsOnceMoreWhenTheProcessIsAnothers)
{
    add_process(container_pid, "0::/docker/9" + id.substr(1) + "\n");
    add_process(next_pid, "0::/docker/" + id + "\n");
    docker_.states = {container_with("running", container_pid), container_with("running", next_pid)};

    const auto info = collect(by_id());

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->pid, next_pid);
    EXPECT_EQ(docker_.asked, (std::vector<std::string>{"web", id}));
}

TEST_F(NetInfo, InspectsOnceMoreWhenTheProcessHasEnded)
{
    add_process(next_pid, "0::/docker/" + id + "\n");
    docker_.states = {container_with("running", 4242), container_with("running", next_pid)};
    const auto restarted = collect(by_id());
    ASSERT_TRUE(restarted) << restarted.error();
    EXPECT_EQ(restarted->pid, next_pid);

    docker_.states = {container_with("running", 4242), container_with("exited", 0)};
    EXPECT_EQ(collect(by_id()).error().message(), "container is not running: web (8fed049dc1fa) is exited");
}

TEST_F(NetInfo, GivesUpAfterTheSecondInspect)
{
    add_process(container_pid, "0::/docker/9" + id.substr(1) + "\n");
    docker_.states = {container_with("running", container_pid), container_with("running", 4242)};

    const auto vanished = collect(by_id());
    ASSERT_FALSE(vanished);
    EXPECT_EQ(vanished.error().kind(), failure::conflict);
    EXPECT_TRUE(vanished.error().message().starts_with("container changed: web (8fed049dc1fa): process 4242"));

    docker_.states = {container_with("running", container_pid)};
    docker_.asked.clear();
    const auto foreign = collect(by_id());
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().kind(), failure::conflict);
    EXPECT_TRUE(foreign.error().message().starts_with("container changed: web (8fed049dc1fa): process 17209"));
    EXPECT_EQ(docker_.asked.size(), 2U);
    EXPECT_EQ(script_.netlink_reads, 0);
}

TEST_F(NetInfo, SaysWhenOnlyTheStartTimeProvesIt)
{
    add_process(container_pid, "0::/\n");
    const auto info = collect(by_id());
    ASSERT_TRUE(info) << info.error();
    EXPECT_FALSE(info->verified);
}

TEST_F(NetInfo, KnowsTheNodesNetwork)
{
    set_namespace(1, "/proc/self/ns/net");
    const auto info = collect(by_id());
    ASSERT_TRUE(info) << info.error();
    EXPECT_TRUE(info->host_network);
}

TEST_F(NetInfo, ReadsTheNodesNatOnlyWhenAsked)
{
    net_info_query query = by_id();
    query.node_nat = true;
    const auto info = collect(query);
    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->nat.text, "nat of 17209");
    EXPECT_EQ(info->node_nat.text, "nat of 1");
}

TEST_F(NetInfo, AFailedPartDoesNotFailTheOthers)
{
    script_.netlink = [](netlink_progress& progress, const abandon_flag&) {
        progress.put(&netlink_texts::addresses, text_part(error(failure::denied, "no right")));
        progress.put(&netlink_texts::route, text_part("route"));
    };
    net_info_query query = by_id();
    query.node_nat = true;
    set_namespace(1, "/nowhere");

    const auto info = collect(query);

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->addresses.reason, error(failure::denied, "no right"));
    EXPECT_EQ(info->route.text, "route");
    EXPECT_TRUE(info->route6.reason);
    EXPECT_EQ(info->nat.text, "nat of 17209");
    ASSERT_TRUE(info->node_nat.reason);
    EXPECT_EQ(info->node_nat.reason->kind(), failure::gone);
}

// A dump that hangs in the kernel costs itself, not what was read before it nor the NAT tables.
TEST_F(NetInfo, AHangingDumpLeavesTheFinishedParts)
{
    std::promise<void> release;
    script_.netlink = [wait = release.get_future().share()](netlink_progress& progress, const abandon_flag&) {
        progress.put(&netlink_texts::addresses, text_part("addresses"));
        wait.wait();
        progress.put(&netlink_texts::route, text_part("too late"));
    };
    options_.netlink_timeout = 50ms;

    const auto info = collect(by_id());
    release.set_value();

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->addresses.text, "addresses");
    ASSERT_TRUE(info->route.reason);
    EXPECT_EQ(info->route.reason->kind(), failure::timed_out);
    EXPECT_NE(info->route.reason->message().find("not finished within 50ms"), std::string::npos);
    EXPECT_FALSE(info->route.text);
    EXPECT_EQ(info->nat.text, "nat of 17209");
}

TEST_F(NetInfo, AnswersWithWhatThereIsBeforeAShortOuterDeadline)
{
    script_.nat_hangs = true;

    options_.nat_timeout = 1h;

    const auto info = collect(by_id(), 500ms);

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->addresses.text, "addresses");
    ASSERT_TRUE(info->nat.reason);
    EXPECT_EQ(info->nat.reason->kind(), failure::timed_out);
}

TEST_F(NetInfo, ADefectOfOneReadIsThrownAndLeavesNothingBehind)
{
    script_.nat_throws = true;
    EXPECT_THROW(static_cast<void>(collect(by_id())), std::runtime_error);
    script_.nat_throws = false;
    EXPECT_TRUE(collect(by_id()));
}

// One per namespace; identical reads in flight share one call.
TEST_F(NetInfo, ReadsOfOneNamespaceAtTheSameTimeAreShared)
{
    std::promise<void> release;
    script_.netlink = [wait = release.get_future().share()](netlink_progress& progress, const abandon_flag&) {
        wait.wait();
        progress.put(&netlink_texts::addresses, text_part("addresses"));
    };
    std::vector<result<net_info>> answers;
    for (int i = 0; i < 3; ++i) {
        boost::asio::co_spawn(reactor_, collector().collect(by_id(), deadline::in(10s)),
                              [&](std::exception_ptr thrown, result<net_info> info) {
                                  ASSERT_FALSE(thrown);
                                  answers.push_back(std::move(info));
                              });
    }
    // Until all three have opened the namespace and only the one read is on the pool; a finished job has posted.
    const auto give_up = steady_clock::now() + nodescope::testing::hang_limit;
    while (steady_clock::now() < give_up) {
        const bool settled = docker_.asked.size() == 3 && script_.netlink_reads == 1 && pool_.busy() == 1;
        if (reactor_.poll() == 0 && settled) break;
        reactor_.restart();
    }
    release.set_value();
    reactor_.restart();
    reactor_.run_until(give_up);

    ASSERT_EQ(answers.size(), 3U);
    for (const auto& answer : answers) {
        ASSERT_TRUE(answer) << answer.error();
        EXPECT_EQ(answer->addresses.text, "addresses");
    }
    EXPECT_EQ(script_.netlink_reads, 1);
}

TEST_F(NetInfo, StopsReadingWhenTheCallerGoesAway)
{
    std::promise<void> entered;
    std::atomic<bool> told{false};
    script_.nat_hangs = true;
    script_.netlink = [&](netlink_progress&, const abandon_flag& abandoned) {
        entered.set_value();
        while (!abandoned.raised()) std::this_thread::yield();
        told = true;
    };
    boost::asio::cancellation_signal stop;
    bool ended = false;
    boost::asio::co_spawn(
        reactor_, collector().collect(by_id(), deadline::in(10s)),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, result<net_info>) { ended = true; }));
    auto running = entered.get_future();
    const auto give_up = steady_clock::now() + nodescope::testing::hang_limit;
    while (running.wait_for(0s) != std::future_status::ready && steady_clock::now() < give_up) {
        reactor_.poll();
        reactor_.restart();
    }

    stop.emit(boost::asio::cancellation_type::terminal);
    reactor_.run_until(give_up);

    EXPECT_TRUE(ended);
    while (pool_.busy() != 0 && steady_clock::now() < give_up) std::this_thread::yield();
    EXPECT_TRUE(told);
    // Nothing of the abandoned read is in the way of the next one.
    script_.nat_hangs = false;
    script_.netlink = [](netlink_progress& progress, const abandon_flag&) {
        progress.put(&netlink_texts::addresses, text_part("addresses"));
    };
    reactor_.restart();
    EXPECT_TRUE(collect(by_id()));
}

TEST_F(NetInfo, ClosesEverythingItOpened)
{
    ASSERT_TRUE(collect(by_id()));
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(collect(by_id()));
        ASSERT_FALSE(collect(net_info_query::of_process(4242)));
    }
    // A worker lets go of what it opened a moment after it has told its result: before the count above as well as here.
    // What is never closed shows in each round.
    const auto give_up = steady_clock::now() + nodescope::testing::hang_limit;
    while (open_descriptors() > before && steady_clock::now() < give_up) std::this_thread::yield();
    EXPECT_LE(open_descriptors(), before);
}

TEST_F(NetInfo, OfARealProcessIsItsNamespace)
{
    if (!namespace_child::is_possible()) GTEST_SKIP() << "making a network namespace needs root";
    const namespace_child child;
    struct stat space {};
    ASSERT_EQ(::stat(("/proc/" + std::to_string(child.pid()) + "/ns/net").c_str(), &space), 0);
    options_.root = "/";
    program_runner programs(reactor_.get_executor(), pool_);
    auto reader = make_namespace_reader(programs, namespace_reader_options());
    ASSERT_TRUE(reader) << reader.error();
    net_info_collector live(no_runtime_, pool_, std::move(*reader), options_, log_);

    const auto info = run_task(reactor_, live.collect(net_info_query::of_process(child.pid()), deadline::in(10s)));

    ASSERT_TRUE(info) << info.error();
    EXPECT_EQ(info->space.inode, space.st_ino);
    EXPECT_FALSE(info->host_network);
    ASSERT_TRUE(info->addresses.text) << *info->addresses.reason;
    EXPECT_TRUE(info->addresses.text->starts_with("1: lo: <LOOPBACK> ")) << *info->addresses.text;
    ASSERT_TRUE(info->route.text) << *info->route.reason;
    EXPECT_TRUE(info->route.text->starts_with("Kernel IP routing table\n"));
    ASSERT_TRUE(info->route6.text) << *info->route6.reason;
    EXPECT_TRUE(info->route6.text->starts_with("Kernel IPv6 routing table\n"));
    EXPECT_EQ(info->nat.text, "") << info->nat.reason.value_or(error());
    EXPECT_FALSE(info->nat6.text || info->nat6.reason);
}
