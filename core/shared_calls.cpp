#include "core/shared_calls.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace nodescope {

namespace asio = boost::asio;

namespace {

/// Where the limits of a call and of an asker pass together, the message is to be the call's own.
constexpr std::chrono::milliseconds grace{50};

}  // namespace

std::shared_ptr<call_table::call> call_table::find(const std::string& key) const
{
    const auto found = in_flight_->find(key);
    return found == in_flight_->end() ? nullptr : found->second;
}

void call_table::start(const asio::any_io_executor& executor, const std::string& key, std::shared_ptr<call> begun,
                       task<> work)
{
    in_flight_->emplace(key, begun);
    const auto slot = begun->stop.slot();
    auto finish = [begun = std::move(begun), key, calls = in_flight_](const std::exception_ptr& thrown) {
        begun->thrown = thrown;
        forget(*calls, key, *begun);
        begun->ended.set();
    };
    asio::co_spawn(executor, std::move(work), asio::bind_cancellation_slot(slot, std::move(finish)));
}

task<std::optional<error>> call_table::end_of(std::shared_ptr<call> joined, std::string key, deadline limit)
{
    const bool together = joined->until.at() < limit.at() + grace / 2;
    const deadline patience = limit.with_grace(together ? grace : grace.zero());
    ++joined->askers;
    const wait_end how = co_await joined->ended.wait(patience);
    --joined->askers;
    if (how == wait_end::told) co_return std::nullopt;
    if (joined->askers == 0) {
        if (tell_ && how == wait_end::late) tell_(key);
        forget(*in_flight_, key, *joined);
        joined->stop.emit(asio::cancellation_type::terminal);
    }
    co_return not_told(how, key, "no result", limit);
}

/// Later askers must not join a call that has ended or is being cancelled; a newer call under the key stays.
void call_table::forget(call_map& calls, const std::string& key, const call& ended)
{
    if (const auto found = calls.find(key); found != calls.end() && found->second.get() == &ended) calls.erase(found);
}

}  // namespace nodescope
