// An http_client::client that answers from a script and remembers what it was asked.
#pragma once

#include "collectors/http_client/http_client.hpp"
#include "collectors/kubernetes/api_peer.hpp"
#include "core/event.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace nodescope::kubernetes {

class fake_client final : public http_client::client {
public:
    task<http_client::outcome> round_trip(http_client::request call, deadline limit) override
    {
        limits.push_back(limit);
        asked.push_back(std::move(call));
        co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
        if (hanging) {
            event never;
            co_await never.wait(limit);
        }
        if (script.empty()) co_return http_client::outcome();
        http_client::outcome next = std::move(script.front());
        script.pop_front();
        co_return next;
    }
    void drop_idle() override {}

    void answer(unsigned status, std::string body)
    {
        script.emplace_back();
        script.back().answer.emplace();
        script.back().answer->status = status;
        script.back().answer->body = std::move(body);
    }
    void fail(failure kind, std::string message)
    {
        script.emplace_back();
        script.back().why = http_client::round_trip_failure(http_client::phase::connect, kind, 0, std::move(message));
    }

    /// Never answers anything any more.
    void hang() { hanging = true; }

    /// The Authorization header of a request; empty when it has none.
    [[nodiscard]] std::string authorization(std::size_t request) const
    {
        for (const auto& [name, value] : asked.at(request).headers) {
            if (name == "Authorization") return value;
        }
        return {};
    }

    std::deque<http_client::outcome> script;
    std::vector<http_client::request> asked;
    std::vector<deadline> limits;
    bool hanging = false;
};

}  // namespace nodescope::kubernetes
