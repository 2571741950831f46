// The least a program can do for the routes of a namespace: raw netlink dumps of the IPv4 main table, nothing decoded.
//
//   raw_dump PID TIMES      prints one JSON object: microseconds per dump, routes seen, CPU microseconds per dump
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
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

// One dump on a socket of its own, as each question of ours has one.
std::size_t dump(std::vector<char>& buffer)
{
    const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (descriptor < 0) fail("socket");
    struct {
        nlmsghdr header;
        rtmsg route;
    } asked{};
    asked.header.nlmsg_len = sizeof(asked);
    asked.header.nlmsg_type = RTM_GETROUTE;
    asked.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    asked.route.rtm_family = AF_INET;
    if (::send(descriptor, &asked, sizeof(asked), 0) < 0) fail("send");
    std::size_t routes = 0;
    for (bool more = true; more;) {
        auto left = ::recv(descriptor, buffer.data(), buffer.size(), 0);
        if (left <= 0) fail("recv");
        for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, left);
             message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_type == NLMSG_ERROR) fail("dump");
            if (message->nlmsg_type == NLMSG_DONE) more = false;
            if (message->nlmsg_type == RTM_NEWROUTE &&
                static_cast<rtmsg*>(NLMSG_DATA(message))->rtm_table == RT_TABLE_MAIN)
                ++routes;
        }
    }
    ::close(descriptor);
    return routes;
}

}  // namespace

int main(int count, char** arguments)
{
    if (count != 3) return 2;
    const int target = ::open(("/proc/" + std::string(arguments[1]) + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC);
    if (target < 0 || ::setns(target, CLONE_NEWNET) != 0) fail("setns");
    const int times = std::atoi(arguments[2]);
    std::vector<char> buffer(32768);
    std::size_t routes = dump(buffer);
    const double cpu_before = cpu_microseconds();
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) routes = dump(buffer);
    const double took = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
    std::printf("{\"us\": %.1f, \"cpu_us\": %.1f, \"routes\": %zu}\n", took / times,
                (cpu_microseconds() - cpu_before) / times, routes);
    return 0;
}
