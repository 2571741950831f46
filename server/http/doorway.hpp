// Where connections come in: takes those that wait at a listening socket, drops those that have ended already, finds
// out who the others are, and hands them to the table of connections. Reactor thread only.
#pragma once

#include "core/event.hpp"
#include "core/task.hpp"
#include "server/http/connection_table.hpp"
#include "server/http/gate.hpp"
#include "server/http/listener.hpp"
#include "server/http/session.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace nodescope::http {

/// Every change is told: this only bounds one wait of many.
inline constexpr std::chrono::hours long_wait{24};

class doorway {
public:
    /// `environment` and `connections` outlive its tasks, and the doorway does.
    doorway(listener opened, boost::asio::any_io_executor executor, session_environment& environment,
            connection_table& connections);

    [[nodiscard]] const std::string& name() const noexcept { return socket_.name(); }

    /// Takes what comes, until close(). The queue of the kernel is emptied even while it takes long to find out who
    /// somebody is: where it is full, whoever comes next waits a second.
    task<> accept();
    /// Lets in those who have been taken, until close() and the last of them.
    task<> let_in();
    /// Nothing more is taken. Other holders of the socket keep it.
    void close();

private:
    [[nodiscard]] bool accept_one();
    [[nodiscard]] bool may_go_on(int code);
    [[nodiscard]] task<> admit(std::vector<arrival> newcomers);

    boost::asio::any_io_executor executor_;
    session_environment& environment_;
    connection_table& connections_;
    listener socket_;  // its name, and its file if it has one
    boost::asio::posix::stream_descriptor readable_;
    std::vector<arrival> waiting_;  // taken, and not looked up yet
    event changed_;                 // of waiting_, and when accept() ends
    bool accepting_ = true;
    bool out_of_descriptors_ = false;
};

}  // namespace nodescope::http
