// The idle connections of one client. It knows of a connection only its descriptor and how to stop
// its expiry.
#pragma once

#include "collectors/http_client/http_client.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace nodescope::http_client {

/// Idle connections, newest last, because the newest is the least likely to have been closed by the peer.
template <class Connection>
class idle_pool : public std::enable_shared_from_this<idle_pool<Connection>> {
public:
    using entry = std::unique_ptr<Connection>;

    idle_pool(const boost::asio::any_io_executor& executor, options how) : how_(how), timer_(executor) {}

    /// A connection on which the peer has neither closed nor spoken, or nothing.
    entry take()
    {
        drop_old();
        while (!idle_.empty()) {
            entry candidate = std::move(idle_.back().first);
            idle_.pop_back();
            if (is_quiet(candidate->descriptor())) return candidate;
        }
        return nullptr;
    }

    void give_back(entry used, std::uint64_t generation)
    {
        if (generation != generation_ || how_.idle_limit == 0) return;
        used->expires_never();
        if (idle_.size() >= how_.idle_limit) idle_.erase(idle_.begin());
        idle_.emplace_back(std::move(used), steady_clock::now() + how_.idle_lifetime);
        if (!timer_set_) set_timer();
    }

    void clear()
    {
        ++generation_;
        idle_.clear();
        timer_.cancel();
    }

    /// Changes with each clear(): a connection made before it is not taken back after it.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

private:
    static bool is_quiet(int descriptor) noexcept
    {
        char byte = 0;
        return ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    void drop_old()
    {
        const auto now = steady_clock::now();
        std::erase_if(idle_, [now](const auto& one) { return one.second <= now; });
    }

    void set_timer()
    {
        timer_set_ = true;
        timer_.expires_at(idle_.front().second);
        timer_.async_wait([weak = this->weak_from_this()](boost::system::error_code) {
            const auto self = weak.lock();
            if (!self) return;
            self->timer_set_ = false;
            self->drop_old();
            if (!self->idle_.empty()) self->set_timer();
        });
    }

    options how_;
    boost::asio::steady_timer timer_;
    bool timer_set_ = false;
    std::uint64_t generation_ = 0;
    std::vector<std::pair<entry, steady_clock::time_point>> idle_;
};

}  // namespace nodescope::http_client
