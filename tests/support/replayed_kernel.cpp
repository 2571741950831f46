// For LD_PRELOAD into `ip addr`: answers its dumps of links and addresses with messages from files, so that the real
// tool prints links which the running kernel cannot make; and into `tc qdisc`. REPLAY_LINKS, REPLAY_ADDRESSES and
// REPLAY_QUEUES name files of netlink messages back to back, without NLMSG_DONE. Everything else goes to the real
// kernel.
#include <dlfcn.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

std::vector<char> pending;
std::size_t position = 0;
int replayed_socket = -1;

std::vector<char> contents_of(const char* path)
{
    std::vector<char> bytes;
    if (path == nullptr) return bytes;
    std::FILE* const file = std::fopen(path, "rb");
    if (file == nullptr) std::abort();
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;) {
        bytes.insert(bytes.end(), buffer, buffer + got);
    }
    std::fclose(file);
    return bytes;
}

// The messages must look like answers to this request.
void start(int descriptor, const nlmsghdr& request, const char* path)
{
    sockaddr_nl own{};
    socklen_t size = sizeof own;
    getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size);
    pending = contents_of(path);
    const nlmsghdr done{.nlmsg_len = NLMSG_LENGTH(4),
                        .nlmsg_type = NLMSG_DONE,
                        .nlmsg_flags = NLM_F_MULTI,
                        .nlmsg_seq = 0,
                        .nlmsg_pid = 0};
    const std::size_t end = pending.size();
    pending.resize(end + done.nlmsg_len);
    std::memcpy(&pending[end], &done, sizeof done);
    for (std::size_t at = 0; at + sizeof(nlmsghdr) <= pending.size();) {
        nlmsghdr header;
        std::memcpy(&header, &pending[at], sizeof header);
        header.nlmsg_seq = request.nlmsg_seq;
        header.nlmsg_pid = own.nl_pid;
        std::memcpy(&pending[at], &header, sizeof header);
        at += NLMSG_ALIGN(header.nlmsg_len);
    }
    position = 0;
    replayed_socket = descriptor;
}

// The file that answers this request; null where the kernel is to.
const char* file_for(const nlmsghdr& request)
{
    if ((request.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) return nullptr;
    if (request.nlmsg_type == RTM_GETLINK) return std::getenv("REPLAY_LINKS");
    if (request.nlmsg_type == RTM_GETADDR) return std::getenv("REPLAY_ADDRESSES");
    if (request.nlmsg_type == RTM_GETQDISC) return std::getenv("REPLAY_QUEUES");
    return nullptr;
}

bool begin_replay(int descriptor, const void* data, size_t size)
{
    nlmsghdr request{};
    std::memcpy(&request, data, std::min(size, sizeof request));
    const char* const path = file_for(request);
    if (path != nullptr) start(descriptor, request, path);
    return path != nullptr;
}

template <class Function>
Function real_one(const char* name)
{
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" ssize_t send(int descriptor, const void* data, size_t size, int flags)
{
    if (begin_replay(descriptor, data, size)) return static_cast<ssize_t>(size);
    return sendto(descriptor, data, size, flags, nullptr, 0);
}

extern "C" ssize_t sendmsg(int descriptor, const msghdr* message, int flags)
{
    using function = ssize_t (*)(int, const msghdr*, int);
    static const auto real = real_one<function>("sendmsg");
    const bool whole = message->msg_iovlen > 0 && message->msg_iov[0].iov_len >= sizeof(nlmsghdr);
    if (!whole || !begin_replay(descriptor, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len)) {
        return real(descriptor, message, flags);
    }
    return static_cast<ssize_t>(message->msg_iov[0].iov_len);
}

extern "C" ssize_t recvmsg(int descriptor, msghdr* message, int flags)
{
    if (descriptor != replayed_socket || position == pending.size()) {
        using function = ssize_t (*)(int, msghdr*, int);
        static const auto real = real_one<function>("recvmsg");
        return real(descriptor, message, flags);
    }
    // One message per datagram.
    nlmsghdr header;
    std::memcpy(&header, &pending[position], sizeof header);
    const sockaddr_nl kernel{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = 0};
    std::memcpy(message->msg_name, &kernel, sizeof kernel);
    message->msg_namelen = sizeof kernel;
    message->msg_flags = 0;
    const std::size_t room = message->msg_iovlen > 0 ? message->msg_iov[0].iov_len : 0;
    if (room > 0)
        std::memcpy(message->msg_iov[0].iov_base, &pending[position], std::min<std::size_t>(room, header.nlmsg_len));
    if (room < header.nlmsg_len) message->msg_flags = MSG_TRUNC;
    if ((flags & MSG_PEEK) == 0) position += NLMSG_ALIGN(header.nlmsg_len);
    return static_cast<ssize_t>(header.nlmsg_len);
}
