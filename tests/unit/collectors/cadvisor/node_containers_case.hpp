// The containers of a node of a test's own, with a Docker that says what the test wants.
#pragma once

#include "collectors/cadvisor/node_containers.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/cadvisor/cgroup_node.hpp"
#include "tests/unit/collectors/cadvisor/scripted_runtime.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::testing {

class node_containers_case : public ::testing::Test {
protected:
    node_containers_case()
    {
        options.root = node.root();
        options.interval = std::chrono::hours(1);  // no samples but those that are asked for
    }
    ~node_containers_case() override
    {
        if (!made) return;
        // Ends the sampler, which refers to what is destroyed below.
        run_task(reactor, group.stop(deadline::in(std::chrono::seconds(20))));
    }

    cadvisor::node_containers& service()
    {
        if (!made) made = std::make_unique<cadvisor::node_containers>(pool, named_by, group, log, options, nullptr);
        return *made;
    }
    result<std::vector<cadvisor::container_view>> find(cadvisor::query asked)
    {
        return run_task(reactor, service().find(std::move(asked), deadline::in(std::chrono::seconds(20))));
    }
    result<std::vector<cadvisor::container_view>> find(const std::string& path, std::int64_t count = 64)
    {
        cadvisor::query asked;
        asked.name = path;
        asked.count = count;
        return find(std::move(asked));
    }
    result<std::vector<cadvisor::container_view>> find_of_docker(const std::string& name)
    {
        cadvisor::query asked;
        asked.type = cadvisor::query::naming::by_docker;
        asked.name = name;
        return find(std::move(asked));
    }
    std::vector<cadvisor::event> history()
    {
        cadvisor::event_filter all;
        all.subcontainers = all.creation = all.deletion = all.oom = all.oom_kill = true;
        all.max_events = -1;
        return copies(run_task(reactor, service().history(all, deadline::in(std::chrono::seconds(20)))));
    }
    static std::vector<cadvisor::event> copies(const result<cadvisor::event_list>& found)
    {
        std::vector<cadvisor::event> out;
        out.reserve(found->size());
        for (const auto& one : *found) out.push_back(*one);
        return out;
    }
    std::vector<cadvisor::event> history_of(const std::string& path)
    {
        auto all = history();
        std::erase_if(all, [&](const cadvisor::event& one) { return one.container_name != path; });
        return all;
    }

    cgroup_node node;
    boost::asio::io_context reactor{1};
    std::vector<std::string> lines;
    logger log{log_level::info, log_format::text, [this](std::string_view line) { lines.emplace_back(line); }};
    worker_pool pool{2};
    task_group group{reactor.get_executor(), log};
    runtimes named_by;
    scripted_runtime& docker = named_by.add(std::make_unique<scripted_runtime>());
    cadvisor::sampling_options options{std::chrono::seconds(5), 100};
    std::unique_ptr<cadvisor::node_containers> made;
};

}  // namespace nodescope::testing
