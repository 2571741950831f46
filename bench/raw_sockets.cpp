// The least a program can do to count the TCP sockets of a namespace by state: one raw dump of sock_diag for both
// families, of which nothing but the state is looked at.
//
//   raw_sockets PID TIMES      prints one JSON object: sockets seen, CPU microseconds per dump
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what)
{
    std::perror(what);
    std::exit(1);
}

double cpu_microseconds()
{
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return 1e6 * static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

std::size_t count_sockets(std::vector<char>& buffer)
{
    const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (descriptor < 0) fail("socket");
    struct {
        nlmsghdr header;
        inet_diag_req sockets;
    } asked{};
    asked.header.nlmsg_len = sizeof(asked);
    asked.header.nlmsg_type = TCPDIAG_GETSOCK;
    asked.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    asked.sockets.idiag_states = 0xFFF;
    if (::send(descriptor, &asked, sizeof(asked), 0) < 0) fail("send");
    std::array<std::size_t, 256> by_state{};
    for (bool more = true; more;) {
        auto left = ::recv(descriptor, buffer.data(), buffer.size(), 0);
        if (left <= 0) fail("recv");
        for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_type == NLMSG_ERROR) fail("dump");
            if (message->nlmsg_type == NLMSG_DONE) more = false;
            else ++by_state[static_cast<inet_diag_msg*>(NLMSG_DATA(message))->idiag_state];
        }
    }
    ::close(descriptor);
    std::size_t all = 0;
    for (const std::size_t count : by_state) all += count;
    return all;
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 3) return 2;
    const int target = ::open(("/proc/" + std::string(arguments[1]) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC);
    if (target < 0 || ::setns(target, CLONE_NEWNET) != 0) fail("setns");
    const int times = std::atoi(arguments[2]);
    std::vector<char> buffer(32768);
    std::size_t sockets = count_sockets(buffer);
    const double cpu_before = cpu_microseconds();
    for (int i = 0; i < times; ++i) sockets = count_sockets(buffer);
    std::printf("{\"cpu_us\": %.1f, \"sockets\": %zu}\n", (cpu_microseconds() - cpu_before) / times, sockets);
    return 0;
}
