// A node in a folder for the tests of net_info: its runtime and its reads do what a test says.
#pragma once

#include "collectors/questions/net_info.hpp"
#include "core/task_group.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace nodescope::testing {

using namespace std::chrono_literals;

inline const std::string id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
inline constexpr pid_t container_pid = 17209;
inline constexpr pid_t next_pid = 17300;

inline container container_with(std::string status, std::int64_t pid)
{
    container state;
    state.runtime = "fake";
    state.id = id;
    state.name = "web";
    state.status = std::move(status);
    state.pid = pid;
    state.started_at = "2026-11-21T01:53:44.477455256Z";
    return state;
}

/// Answers each inspect with the next of `states`; the last one stays.
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

/// One link, as a reader finds it: its text begins with what shows_link() looks for.
inline result<netlink::links_and_addresses> one_link()
{
    netlink::links_and_addresses read;
    read.links.emplace_back().index = 7;
    read.links.back().name = "web0";
    return read;
}

inline bool shows_link(const text_part& part) { return part.text && part.text->starts_with("7: web0: "); }

/// What `route` prints where there is none.
inline constexpr std::string_view no_routes =
    "Kernel IP routing table\n"
    "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n";

/// What a test tells the reads to do, and what they were asked. The blocking part runs on a pool thread.
struct reader_script {
    std::function<void(network_sink&, const abandon_flag&)> netlink = [](network_sink& sink, const abandon_flag&) {
        sink.put(one_link());
        sink.put(result<netlink::routes>(netlink::routes()));
        netlink::ipv6_routes none;
        none.supported = false;
        sink.put(result<netlink::ipv6_routes>(none));
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
                               network_sink& sink) override
    {
        ++script_.netlink_reads;
        script_.netlink(sink, abandoned);
    }

    task<nat_reading> read_nat(std::shared_ptr<const opened_namespace> where, deadline limit) override
    {
        ++script_.nat_reads;
        script_.nat_of.push_back(where->process.pid());
        if (script_.nat_throws) throw std::runtime_error("a defect");
        nat_reading read;
        if (script_.nat_hangs) {
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, limit.at());
            co_await timer.async_wait(boost::asio::use_awaitable);
            read.ipv4 = error(failure::timed_out, "iptables-save: not finished");
            co_return read;
        }
        read.ipv4->text = "nat of " + std::to_string(where->process.pid());
        co_return read;
    }

private:
    reader_script& script_;
};

/// A node whose process 17209 is the container's, in a network namespace that is this program's own; process 1 is
/// elsewhere.
class net_info_fixture : public ::testing::Test {
protected:
    net_info_fixture()
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
                containers_, pool_, std::make_unique<scripted_reader>(script_), options_, log_);
        }
        return *collector_;
    }

    static net_info_query by_id(std::string_view text = "web")
    {
        return net_info_query(container_reference::parse(text).value());
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
    by_cgroup kernel_{root_.path(), pool_, 5s};
    task_group group_{reactor_.get_executor(), log_};
    container_finder containers_{runtimes_, kernel_, group_};
    container_finder without_runtime_{no_runtime_, kernel_, group_};
    std::unique_ptr<net_info_collector> collector_;
};

}  // namespace nodescope::testing
