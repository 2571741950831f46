#include "core/turns.hpp"

#include "core/event.hpp"

#include <fmt/format.h>

#include <list>
#include <map>
#include <utility>

namespace nodescope {

struct turns_by_key::impl {
    using line = std::list<std::shared_ptr<event>>;

    impl(std::string n, std::size_t limit) : name(std::move(n)), waiting_limit(limit) {}

    void pass_on(const std::string& key)
    {
        const auto found = waiting.find(key);
        if (found->second.empty()) {
            waiting.erase(found);
            return;
        }
        found->second.front()->set();
        found->second.pop_front();
    }

    const std::string name;
    const std::size_t waiting_limit;
    std::map<std::string, line> waiting;  // behind the one whose turn it is
};

turns_by_key::turn::~turn()
{
    if (owner_) owner_->pass_on(key_);
}

turns_by_key::turns_by_key(std::string name, std::size_t waiting_limit)
    : impl_(std::make_shared<impl>(std::move(name), waiting_limit))
{
}

task<result<turns_by_key::turn>> turns_by_key::take(std::string key, deadline limit)
{
    const std::shared_ptr<impl> self = impl_;
    const auto [own, is_first] = self->waiting.try_emplace(key);
    if (is_first) co_return turn(self, std::move(key));
    // It stays where it is for as long as anybody waits in it or has the turn.
    impl::line& behind = own->second;
    if (behind.size() >= self->waiting_limit) {
        co_return error(failure::overloaded,
                        fmt::format("{}: {} of this caller wait already", self->name, self->waiting_limit));
    }
    const auto called = std::make_shared<event>();
    behind.push_back(called);
    const wait_end how = co_await called->wait(limit);
    if (how == wait_end::told) co_return turn(self, std::move(key));
    behind.remove(called);
    co_return not_told(how, self->name, "another one of this caller under way", limit);
}

std::size_t turns_by_key::keys() const noexcept { return impl_->waiting.size(); }

}  // namespace nodescope
