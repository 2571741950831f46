// A node in a folder with one container, a runtime that says what a test tells it, and who finds containers there.
#pragma once

#include "collectors/runtime/container_finder.hpp"
#include "core/event.hpp"
#include "core/log.hpp"
#include "core/task_group.hpp"
#include "tests/support/run_task.hpp"
#include "tests/support/temporary_root.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include <unistd.h>

namespace nodescope::testing {

using namespace std::chrono_literals;

inline const std::string id = "8fed049dc1fadb6c40b231cdcc2d354904ebd02a41dcf2e2ea909b06b1674773";
inline const error silent(failure::timed_out, "docker: no answer within 10s");

class told_runtime final : public runtime {
public:
    explicit told_runtime(std::string name = "docker", reference_scheme scheme = reference_scheme::docker)
        : name_(std::move(name)), scheme_(scheme)
    {
    }
    result<container> answer = error(failure::gone, "No such container");
    bool hangs = false;  // until its deadline or `goes_on`
    event goes_on;
    int asked = 0;

    task<result<container>> inspect(container_reference, deadline limit) override
    {
        ++asked;
        if (hangs) co_await goes_on.wait(limit);
        co_return answer;
    }
    task<result<container>> find_pod_container(std::string, std::string, std::string, deadline limit) override
    {
        ++asked;
        if (hangs) co_await goes_on.wait(limit);
        co_return answer;
    }
    task<result<runtime_facts>> facts(deadline) override { co_return error(); }
    task<result<std::string>> storage_root(deadline) override { co_return error(); }
    [[nodiscard]] std::string_view name() const noexcept override { return name_; }
    [[nodiscard]] bool answers_to(reference_scheme scheme) const noexcept override { return scheme == scheme_; }
    void drop_idle() override {}
    void has_web(const std::string& full_id, std::int64_t pid = 40)
    {
        container web;
        web.runtime = name_;
        web.id = full_id;
        web.name = "web";
        web.pid = pid;
        web.status = "running";
        answer = web;
    }

private:
    const std::string name_;
    const reference_scheme scheme_;
};

class fake_pod_ids final : public pod_container_ids {
public:
    result<std::string> answer = error(failure::unavailable, "kubernetes: not configured");
    int asked = 0;
    task<result<std::string>> container_of_pod(std::string, std::string, std::string, deadline) override
    {
        ++asked;
        co_return answer;
    }
};

/// A node of cgroup v2 in a folder, with the container and one process in it.
class container_finder_fixture : public ::testing::Test {
protected:
    container_finder_fixture()
    {
        root_.write("/proc/1/mountinfo", "26 1 0:23 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        root_.write("/proc/40/stat", "40 (a) S 1 1 1 0 -1 4194560 1 0 0 0 1 0 0 0 20 0 1 0 200 1 1 1\n");
        add(id, "40\n");
    }
    void add(const std::string& container_id, const std::string& procs) const
    {
        root_.write("/sys/fs/cgroup/docker/" + container_id + "/cgroup.procs", procs);
    }
    // Below a directory in which anybody may make cgroups.
    void add_users(const std::string& container_id, const std::string& procs) const
    {
        root_.write("/sys/fs/cgroup/user/docker-" + container_id + ".scope/cgroup.procs", procs);
        std::filesystem::permissions(root_.path() + "/sys/fs/cgroup/user", std::filesystem::perms::all);
    }
    result<found_container> find_pod()
    {
        return run_task(reactor_, finder_.find_pod_container("shop", "till", "", deadline::in(10s)));
    }
    result<found_container> find(const std::string& text)
    {
        return run_task(reactor_, finder_.find(container_reference::parse(text).value(), deadline::in(10s)));
    }
    // As who reads the container's network does.
    void find_and_prove(const std::string& text)
    {
        const auto found = find(text);
        ASSERT_TRUE(found) << found.error();
        finder_.proved(*found, 200);
    }

    boost::asio::io_context reactor_{1};
    logger log_{log_level::error, log_format::text, [](std::string_view) {}};
    task_group group_{reactor_.get_executor(), log_};

    temporary_root root_;
    worker_pool pool_{2};
    runtimes runtimes_;
    told_runtime& docker_ = runtimes_.add(std::make_unique<told_runtime>());
    by_cgroup kernel_{root_.path(), pool_, 5s};
    container_finder finder_{runtimes_, kernel_, group_};
};

}  // namespace nodescope::testing
