#include "server/run/service_manager.hpp"

#include "core/environment.hpp"
#include "core/text.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace nodescope {

namespace {

constexpr int first_inherited = 3;            // SD_LISTEN_FDS_START
constexpr std::uint64_t most_inherited = 64;  // a handful is usual; beyond this it is a mistake
constexpr std::size_t longest_status = 512;
constexpr std::size_t most_unsent = 16;
constexpr std::chrono::milliseconds retry_interval{100};

/// Nothing when the variable is not set or not a whole number.
std::optional<std::uint64_t> number_in(const char* name)
{
    return whole_number<std::uint64_t>(environment_variable(name));
}

bool is_us(std::uint64_t process) { return process == static_cast<std::uint64_t>(::getpid()); }

std::string status_line(std::string_view status)
{
    return fmt::format("STATUS={}", escape_untrusted(status, longest_status));
}

std::string notification_address()
{
    std::string address = environment_variable("NOTIFY_SOCKET");
    const bool known = address.size() > 1 && address.size() < sizeof(sockaddr_un::sun_path) &&
                       (address.front() == '/' || address.front() == '@');
    if (!known) return {};
    if (address.front() == '@') address.front() = '\0';
    return address;
}

}  // namespace

result<std::vector<unique_fd>> take_inherited_sockets()
{
    std::vector<unique_fd> sockets;
    const auto process = number_in("LISTEN_PID");
    if (!process || !is_us(*process)) return sockets;
    const auto count = number_in("LISTEN_FDS");
    if (!count || *count > most_inherited) {
        return error(failure::invalid, fmt::format("LISTEN_FDS is not a number from 0 to {}", most_inherited));
    }
    for (int i = 0; i < static_cast<int>(*count); ++i) {
        const int descriptor = first_inherited + i;
        if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
            return from_errno(errno, fmt::format("inherited descriptor {}", descriptor));
        }
        sockets.emplace_back(descriptor);
    }
    for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
    return sockets;
}

std::optional<std::chrono::microseconds> watchdog_limit()
{
    const auto limit = number_in("WATCHDOG_USEC");
    if (!limit || *limit == 0 || *limit > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    if (std::getenv("WATCHDOG_PID") != nullptr && !is_us(number_in("WATCHDOG_PID").value_or(0))) return std::nullopt;
    return std::chrono::microseconds(*limit);
}

service_manager::service_manager(const boost::asio::any_io_executor& executor)
    : address_(notification_address()), retry_(executor)
{
    if (!address_.empty()) socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

void service_manager::ready(std::string_view status) { tell("READY=1\n" + status_line(status)); }

void service_manager::reloading(std::string_view status)
{
    // CLOCK_MONOTONIC, by which the manager tells this reload from an earlier one (read from systemd 253 on).
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\n{}", microseconds, status_line(status)));
}

void service_manager::stopping(std::string_view status) { tell("STOPPING=1\n" + status_line(status)); }

void service_manager::alive()
{
    if (socket_ && unsent_.empty()) static_cast<void>(send("WATCHDOG=1"));
}

void service_manager::tell(std::string lines)
{
    if (!socket_) return;
    if (unsent_.empty() && send(lines) == sent::yes) return;
    if (unsent_.size() == most_unsent) unsent_.pop_front();
    unsent_.push_back(std::move(lines));
    if (unsent_.size() == 1) send_unsent();
}

/// The manager reads the lines of one datagram together. Whatever else goes wrong, such as a manager that is not there
/// any more, is no reason to stop serving, and trying again would not help.
service_manager::sent service_manager::send(const std::string& lines) const
{
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    const ssize_t took =
        ::sendto(socket_.get(), lines.data(), lines.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
    return took < 0 && (errno == EAGAIN || errno == EINTR) ? sent::later : sent::yes;
}

void service_manager::send_unsent()
{
    while (!unsent_.empty() && send(unsent_.front()) == sent::yes) unsent_.pop_front();
    if (unsent_.empty()) return;
    retry_.expires_after(retry_interval);
    retry_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) send_unsent();
    });
}

}  // namespace nodescope
