// A scripted HTTP peer on a real socket, for tests of clients: blocking code on threads of its own, one per
// connection, so that a script reads like the story it tells. Closing and joining happen in the destructor.
#pragma once

#include "core/unique_fd.hpp"
#include "tests/support/temporary_directory.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace nodescope::testing {

class fake_peer {
public:
    /// One accepted connection, as the script sees it.
    class session {
    public:
        session(fake_peer& owner, int descriptor, int number) : owner_(owner), descriptor_(descriptor), number_(number)
        {
        }
        /// 0 for the first connection, 1 for the next one, …
        [[nodiscard]] int number() const noexcept { return number_; }

        /// Reads one request (header and, by Content-Length, body). Empty when the client has closed.
        std::string read_request()
        {
            std::size_t end = 0;
            while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
                if (!receive()) return {};
            }
            std::size_t length = end + 4;
            if (const auto at = pending_.find("Content-Length: "); at < end) {
                length += std::strtoul(pending_.c_str() + at + 16, nullptr, 10);
            }
            while (pending_.size() < length) {
                if (!receive()) return {};
            }
            std::string request = pending_.substr(0, length);
            pending_.erase(0, length);
            owner_.record(request);
            return request;
        }

        bool send(std::string_view bytes)
        {
            while (!bytes.empty()) {
                const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
                if (sent <= 0) return false;
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            }
            return true;
        }

        void send_bytewise(std::string_view bytes)
        {
            for (const char& byte : bytes) {
                if (!send(std::string_view(&byte, 1))) return;
            }
        }

        /// 200 with Content-Length.
        void answer(std::string_view body, std::string_view more_headers = {}, std::string_view status = "200 OK")
        {
            std::string text = "HTTP/1.1 ";
            text.append(status).append("\r\nContent-Length: ").append(std::to_string(body.size())).append("\r\n");
            text.append(more_headers).append("\r\n").append(body);
            send(text);
        }

        /// Closes as far as the client can see.
        void hang_up() { ::shutdown(descriptor_, SHUT_RDWR); }

        /// Waits until the client closes (or the peer is destroyed).
        void wait_for_close()
        {
            while (receive()) {
            }
        }

    private:
        bool receive()
        {
            char bytes[4096];
            const ssize_t got = ::recv(descriptor_, bytes, sizeof(bytes), 0);
            if (got > 0) pending_.append(bytes, static_cast<std::size_t>(got));
            return got > 0;
        }

        fake_peer& owner_;
        int descriptor_;
        int number_;
        std::string pending_;
    };
    using script = std::function<void(session&)>;

    /// On a Unix socket.
    fake_peer(std::string path, script play) : script_(std::move(play)), path_(std::move(path))
    {
        listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
        start(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    }

    /// On 127.0.0.1, a free port.
    explicit fake_peer(script play) : script_(std::move(play))
    {
        listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        start(reinterpret_cast<const sockaddr*>(&address), sizeof(address));
        socklen_t length = sizeof(address);
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length);
        port_ = ntohs(address.sin_port);
    }

    fake_peer(const fake_peer&) = delete;
    fake_peer& operator=(const fake_peer&) = delete;

    ~fake_peer()
    {
        ::shutdown(listener_.get(), SHUT_RDWR);
        acceptor_.join();
        {
            const std::lock_guard lock(mutex_);
            for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
        }
        for (std::thread& one : sessions_) one.join();
        if (!path_.empty()) ::unlink(path_.c_str());
    }

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] int connections() const noexcept { return accepted_.load(); }

    /// The whole text of each request so far, in order of arrival.
    std::vector<std::string> requests()
    {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    /// "GET /v1.41/info HTTP/1.1" of each.
    std::vector<std::string> request_lines()
    {
        std::vector<std::string> lines;
        for (const std::string& one : requests()) lines.push_back(one.substr(0, one.find("\r\n")));
        return lines;
    }

private:
    void start(const sockaddr* address, socklen_t length)
    {
        if (::bind(listener_.get(), address, length) != 0 || ::listen(listener_.get(), 128) != 0) {
            throw std::runtime_error("the fake peer cannot listen");
        }
        acceptor_ = std::thread([this] { accept_all(); });
    }

    void accept_all()
    {
        for (;;) {
            const int descriptor = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (descriptor < 0) return;
            const std::lock_guard lock(mutex_);
            open_.push_back(descriptor);
            sessions_.emplace_back([this, descriptor, number = accepted_++] {
                session one(*this, descriptor, number);
                script_(one);
                const std::lock_guard closing(mutex_);
                std::erase(open_, descriptor);
                ::close(descriptor);
            });
        }
    }

    void record(const std::string& request)
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
    }

    script script_;
    std::string path_;
    std::uint16_t port_ = 0;
    unique_fd listener_;
    std::thread acceptor_;
    std::atomic<int> accepted_{0};
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::string> requests_;
    std::vector<std::thread> sessions_;
};

}  // namespace nodescope::testing
