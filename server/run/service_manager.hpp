// The service manager's side of the process (systemd, or whatever speaks its protocol: sd_listen_fds(3), sd_notify(3),
// sd_watchdog_enabled(3)): the sockets it hands over, and what it is told. Without one, nothing is handed over and
// telling does nothing.
//
// Why not libsystemd: its sd_notify() waits while the manager's queue is full, which the reactor must not, and it would
// bring five compression and cryptography libraries into a privileged process for three environment variables.
#pragma once

#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope {

/// The listening sockets handed over (LISTEN_FDS, if LISTEN_PID is us), close-on-exec from now on; the variables are
/// removed. To be called once, before there is any thread or other descriptor. failure::invalid for variables that make
/// no sense.
result<std::vector<unique_fd>> take_inherited_sockets();

/// How long the manager waits for a sign of life before it takes us for hung (WATCHDOG_USEC, if WATCHDOG_PID is us).
std::optional<std::chrono::microseconds> watchdog_limit();

/// Tells the manager at NOTIFY_SOCKET. Never waits: what the manager does not take at once is sent again a little
/// later, in order, except for signs of life. Reactor thread only.
class service_manager {
public:
    explicit service_manager(const boost::asio::any_io_executor& executor);

    // `status` is the one line that `systemctl status` shows; outside text in it is escaped.
    void ready(std::string_view status);
    void reloading(std::string_view status);
    void stopping(std::string_view status);
    void alive();

private:
    enum class sent { yes, later };
    void tell(std::string lines);
    [[nodiscard]] sent send(const std::string& lines) const;
    void send_unsent();

    std::string address_;  // sun_path, with a NUL in front of an abstract name; empty without a manager
    unique_fd socket_;
    std::deque<std::string> unsent_;
    boost::asio::steady_timer retry_;
};

}  // namespace nodescope
