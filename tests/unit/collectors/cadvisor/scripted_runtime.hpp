// A runtime that inspects as a test says, and remembers what was asked about.
#pragma once

#include "collectors/runtime/runtimes.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace nodescope::testing {

/// A container that runs as process `pid`.
inline container running(std::string id, std::string name, std::int64_t pid = 1)
{
    container state;
    state.runtime = "docker";
    state.id = std::move(id);
    state.name = std::move(name);
    state.status = "running";
    state.pid = pid;
    return state;
}

class scripted_runtime final : public runtime {
public:
    std::function<result<container>(const std::string& id)> answer = [](const std::string& id) {
        return result<container>(running(id, "name-of-" + id.substr(0, 4)));
    };
    names_by_id names;    ///< what current_names() says; who is not in it has kept its name
    int names_asked = 0;  ///< how often
    std::string called = "docker";
    bool there = true;
    bool silent = false;             ///< answers nothing until the deadline of the question
    steady_clock::duration takes{};  ///< each question
    std::vector<std::string> asked;  ///< the containers asked about, in order
    std::size_t at_once = 0;         ///< now
    std::size_t most_at_once = 0;
    steady_clock::duration longest_limit{};  ///< that a question was given

    task<result<container>> inspect(container_reference id, deadline limit) override
    {
        const std::string& text = id.text();
        asked.push_back(text);
        most_at_once = std::max(most_at_once, ++at_once);
        longest_limit = std::max(longest_limit, limit.limit());
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
        timer.expires_at(silent ? limit.at() : steady_clock::now() + takes);
        co_await timer.async_wait(boost::asio::use_awaitable);
        --at_once;
        if (silent) co_return error(failure::timed_out, "docker: no answer");
        co_return answer(text);
    }
    task<result<names_by_id>> current_names(deadline limit) override
    {
        ++names_asked;
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
        timer.expires_at(silent ? limit.at() : steady_clock::now() + takes);
        co_await timer.async_wait(boost::asio::use_awaitable);
        if (silent) co_return error(failure::timed_out, "docker: no answer");
        co_return names;
    }
    task<result<container>> find_pod_container(std::string, std::string, std::string, deadline) override
    {
        co_return error();
    }
    task<result<runtime_facts>> facts(deadline) override { co_return error(); }
    task<result<std::string>> storage_root(deadline) override { co_return error(); }
    [[nodiscard]] std::string_view name() const noexcept override { return called; }
    [[nodiscard]] bool is_there() const override { return there; }
    [[nodiscard]] bool answers_to(reference_scheme) const noexcept override { return true; }
    void drop_idle() override {}
};

}  // namespace nodescope::testing
