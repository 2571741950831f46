#include "core/side_by_side.hpp"

#include "core/event.hpp"
#include "tests/support/run_task.hpp"

#include <gtest/gtest.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace nodescope {
namespace {

using testing::run_task;
const auto long_enough = std::chrono::minutes(1);

/// Ends only because another of them does something meanwhile.
task<std::string> after(event& told, event& tells, std::string gives)
{
    const wait_end end = co_await told.wait(deadline::in(long_enough));
    tells.set();
    co_return end == wait_end::told ? gives : "not told";
}

task<> fail()
{
    throw std::runtime_error("broken");
    co_return;
}

task<> note_end(event& waited_for, wait_end& end) { end = co_await waited_for.wait(deadline::in(long_enough)); }

}  // namespace

TEST(SideBySide, RunsAllAndKeepsTheirResults)
{
    event first;
    event second;
    event third;
    std::string a;
    std::string b;
    std::vector<task<>> works;
    works.push_back(into(a, after(second, third, "a")));
    works.push_back(into(b, after(first, second, "b")));
    first.set();
    boost::asio::io_context reactor(1);

    run_task(reactor, side_by_side(std::move(works)));

    EXPECT_EQ(a + b, "ab");
}

TEST(SideBySide, OfNothingEndsAtOnce)
{
    boost::asio::io_context reactor(1);
    run_task(reactor, side_by_side({}));
}

TEST(SideBySide, RethrowsOnlyWhenAllHaveEnded)
{
    event told;
    event tells;
    std::string kept;
    std::vector<task<>> works;
    works.push_back(fail());
    works.push_back(into(kept, after(told, tells, "kept")));
    boost::asio::io_context reactor(1);
    boost::asio::post(reactor, [&told] { told.set(); });

    EXPECT_THROW(run_task(reactor, side_by_side(std::move(works))), std::runtime_error);
    EXPECT_EQ(kept, "kept");
}

TEST(SideBySide, PassesCancellationToEach)
{
    event never;
    wait_end one = wait_end::told;
    wait_end other = wait_end::told;
    std::vector<task<>> works;
    works.push_back(note_end(never, one));
    works.push_back(note_end(never, other));
    boost::asio::io_context reactor(1);
    boost::asio::cancellation_signal stop;
    bool ended = false;
    boost::asio::co_spawn(
        reactor, side_by_side(std::move(works)),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr&) { ended = true; }));
    boost::asio::post(reactor, [&stop] { stop.emit(boost::asio::cancellation_type::terminal); });

    reactor.run_for(testing::hang_limit);

    EXPECT_TRUE(ended);
    EXPECT_EQ(one, wait_end::cancelled);
    EXPECT_EQ(other, wait_end::cancelled);
}

}  // namespace nodescope
