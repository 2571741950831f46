#include "server/api/large_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace nodescope::api {

void large_answers::place::hand_over(http::reply& answer) &&
{
    // Never more than it was given for building.
    static_cast<void>(share_->resize(std::min(answer.text().size(), limit_bytes_)));
    answer.held = std::move(share_);
    slot_ = slot_pool::slot();
}

task<result<large_answers::place>> large_answers::begin(http::claimant who, deadline limit, std::size_t bytes)
{
    auto slot = co_await building_.acquire(limit);
    if (!slot) co_return slot.error();
    const std::size_t taken = resident_();
    const std::size_t room = building_limit_bytes - std::min(building_limit_bytes, taken);
    if (room < least_answer_bytes) {
        co_return error(failure::overloaded, fmt::format("large answers: the service takes {} bytes already", taken));
    }
    place out;
    // What an answer takes is known about.
    out.limit_bytes_ = std::min({bytes + bytes / 8 + short_answer_bytes, large_answer_bytes, room});
    out.share_ = memory_.open(std::move(who));
    if (!out.share_->resize(out.limit_bytes_)) {
        co_return error(failure::overloaded,
                        fmt::format("large answers: {} bytes wait to be read by others, there is room for {} while the "
                                    "service takes little",
                                    memory_.used(), memory_.limit()));
    }
    out.slot_ = std::move(*slot);
    co_return out;
}

}  // namespace nodescope::api
