#include "collectors/cadvisor/container_directory.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace nodescope::cadvisor {

namespace asio = boost::asio;

container_directory::container_directory(const runtimes& all, task_group& group, logger& log) : runtimes_(all)
{
    seats_.reserve(all.all().size());
    for (const auto& one : all.all()) {
        seats_.push_back({std::make_unique<runtime_desk>(*one, group, log, [this] { hear(); }), true});
    }
}

const container_directory::seat* container_directory::seat_of(const std::string& id) const
{
    const auto found = std::find_if(seats_.begin(), seats_.end(), [&id](const seat& one) {
        return one.taken && one.desk->look(id).says == standing::named;
    });
    return found == seats_.end() ? nullptr : &*found;
}

const container_directory::entry& container_directory::look(const std::string& id) const
{
    const entry* said = &of_nobody_;
    for (const seat& one : seats_) {
        if (!one.taken) continue;
        const entry& here = one.desk->look(id);
        if (here.says == standing::named) return here;
        if (said->says == standing::foreign) said = &here;
    }
    return *said;
}

runtime* container_directory::runtime_of(const std::string& id) const
{
    const seat* const found = seat_of(id);
    return found == nullptr ? nullptr : &found->desk->asked();
}

void container_directory::see_who_is_there()
{
    const auto now = steady_clock::now();
    if (now < seen_until_) return;
    seen_until_ = now + presence_lifetime;
    const auto there = runtimes_.present();
    for (seat& one : seats_) {
        const bool taken = std::find(there.begin(), there.end(), &one.desk->asked()) != there.end();
        if (std::exchange(one.taken, taken) != taken) ++revision_;
    }
}

void container_directory::want(const std::string& id, bool delegated)
{
    see_who_is_there();
    if (seat_of(id) != nullptr) return;
    for (const seat& one : seats_) {
        if (one.taken) one.desk->want(id, delegated);
    }
}

void container_directory::refresh(const std::string& id)
{
    const seat* const of = seat_of(id);
    for (const seat& one : seats_) {
        if (of == nullptr || of == &one) one.desk->refresh(id);
    }
}

void container_directory::forget(const std::string& id)
{
    for (const seat& one : seats_) one.desk->forget(id);
    ++revision_;
}

void container_directory::follow_renames()
{
    see_who_is_there();
    for (const seat& one : seats_) {
        if (one.taken) one.desk->follow_renames();
    }
}

void container_directory::hear()
{
    ++revision_;
    if (!is_awaited()) changed_.notify();
}

bool container_directory::is_awaited(const runtime_desk& one) const
{
    if (one.is_following()) return true;
    const auto& ids = one.awaited();
    return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
        // What another runtime has is not waited for, unless that one is asked again.
        const seat* const of = seat_of(id);
        return of == nullptr || of->desk.get() == &one;
    });
}

bool container_directory::is_awaited() const
{
    return std::any_of(seats_.begin(), seats_.end(),
                       [this](const seat& one) { return one.taken && is_awaited(*one.desk); });
}

bool container_directory::unwell() const noexcept
{
    return std::any_of(seats_.begin(), seats_.end(), [](const seat& one) { return one.taken && one.desk->silent(); });
}

std::uint64_t container_directory::texts_left_out() const noexcept
{
    std::uint64_t all = 0;
    for (const seat& one : seats_) all += one.desk->texts_left_out();
    return all;
}

bool container_directory::is_silent(const runtime* which) const noexcept
{
    if (which == nullptr) return unwell();
    return std::any_of(seats_.begin(), seats_.end(),
                       [which](const seat& one) { return &one.desk->asked() == which && one.desk->silent(); });
}

task<std::optional<container>> container_directory::last_state(std::string id, runtime* of, deadline limit)
{
    constexpr std::chrono::milliseconds pause{200};
    const auto reference = container_reference::parse(id);
    while (!runtimes_.empty() && reference && !is_silent(of) && !limit.passed()) {
        result<container> answer = error();
        if (of != nullptr) answer = co_await of->inspect(*reference, limit);
        else answer = co_await runtimes_.inspect(*reference, limit);
        if (!answer) break;
        if (answer->pid == 0) co_return std::move(*answer);
        // The cgroup goes before the runtime hears of it.
        asio::steady_timer timer(co_await asio::this_coro::executor, pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return std::nullopt;
}

task<> container_directory::settle(deadline limit)
{
    see_who_is_there();
    const deadline own = deadline::sooner(limit, deadline::in(patience));
    while (is_awaited()) {
        const wait_end how = co_await changed_.wait(own);
        if (how != wait_end::told) break;
    }
    if (!own.passed() || own.limit() < patience) co_return;
    // Whoever asks while this goes on need not wait for it as well.
    for (const seat& one : seats_) {
        if (is_awaited(*one.desk)) one.desk->waited_in_vain();
    }
}

}  // namespace nodescope::cadvisor
