#include "server/api/network/network_routes.hpp"

#include "tests/support/run_until.hpp"
#include "tests/unit/collectors/questions/net_info_fixture.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::api {
namespace {

using namespace std::chrono_literals;

/// The container's process is in this program's own network.
class NetworkRoutes : public testing::net_info_fixture {
protected:
    static task<> keep(http::handler handle, http::request asked, std::optional<http::reply>& to)
    {
        to = co_await handle(asked);
    }
    /// Both are asked before either is answered.
    std::array<std::optional<http::reply>, 2> ask(const std::string& first, const std::string& second)
    {
        std::array<std::optional<http::reply>, 2> got;
        const std::array<std::string, 2> queries{first, second};
        for (std::size_t i = 0; i < queries.size(); ++i) {
            http::request asked;
            asked.verb = http::method::get;
            asked.query = queries[i];
            asked.limit = deadline::in(10s);
            boost::asio::co_spawn(reactor_, keep(routes_.front().handle, std::move(asked), got[i]),
                                  boost::asio::detached);
        }
        EXPECT_TRUE(testing::run_until(reactor_, [&got] { return got[0] && got[1]; }));
        return got;
    }

    std::unique_ptr<network_collector> networks_ =
        network_collector::make(containers_, pool_, {root_.path(), 5s, 5s, 1U << 20U}, log_).value();
    std::vector<http::route> routes_ = network_routes(*networks_, 1U << 20U);
};

TEST_F(NetworkRoutes, TheSameAtTheSameTimeIsReadOnce)
{
    const auto got = ask("container=web&parts=rule", "container=web&parts=rule");
    EXPECT_EQ(docker_.asked.size(), 1U);
    EXPECT_EQ(got[0]->status, 200U) << got[0]->text();
    EXPECT_NE(got[0]->text().find("\"rule\":["), std::string_view::npos) << got[0]->text();
    EXPECT_EQ(got[1]->status, 200U);
    // The text itself, and no copy of it.
    EXPECT_EQ(got[1]->text().data(), got[0]->text().data());
}

TEST_F(NetworkRoutes, SomethingElseIsReadForItself)
{
    const auto got = ask("container=web&parts=rule", "container=web&parts=rule6");
    EXPECT_EQ(docker_.asked.size(), 2U);
    EXPECT_NE(got[0]->text().find("\"rule\":"), std::string_view::npos);
    EXPECT_NE(got[1]->text().find("\"rule6\":"), std::string_view::npos);
}

TEST_F(NetworkRoutes, AFailureIsThatOfAllWhoAsk)
{
    docker_.states = {testing::container_with("exited", 0)};
    const auto got = ask("container=web", "container=web");
    for (const auto& one : got) EXPECT_EQ(one->status, 409U) << one->text();
}

}  // namespace
}  // namespace nodescope::api
