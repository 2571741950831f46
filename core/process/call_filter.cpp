#include "core/process/call_filter.hpp"

#include "core/unique_fd.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <memory>

namespace nodescope {

namespace {

// What the dynamic loader, the libcs of Debian 12 and 13, libmnl and the xtables programs ask for, and what a shell or
// an interpreter asks for at its start. A name that an architecture lacks is a negative number.
constexpr int plain_calls[] = {
    // Files that are there already: opening them is further limited by the rights of the process.
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek),
    SCMP_SYS(close), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
    SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
    SCMP_SYS(poll), SCMP_SYS(ppoll),
    // Memory.
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
    // A process by itself: no other is started and none is sent a signal.
    SCMP_SYS(execve), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(arch_prctl), SCMP_SYS(set_tid_address),
    SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(futex), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(getrlimit), SCMP_SYS(getrusage),
    // Who it is, what time it is.
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(getresuid), SCMP_SYS(getresgid), SCMP_SYS(getgroups), SCMP_SYS(uname),
    SCMP_SYS(sysinfo), SCMP_SYS(getrandom), SCMP_SYS(time), SCMP_SYS(gettimeofday), SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    // A socket that socket() below has given.
    SCMP_SYS(bind), SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(sendto),
    SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg)};

// A terminal or not, asked by stdio; close-on-exec, set by interpreters; names of interfaces, asked by
// if_indextoname().
constexpr unsigned long allowed_ioctls[] = {TCGETS, FIOCLEX, SIOCGIFNAME, SIOCGIFINDEX};

constexpr std::uint64_t writing_flags = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

scmp_arg_cmp equals(unsigned argument, scmp_datum_t value) noexcept { return {argument, SCMP_CMP_EQ, value, 0}; }

scmp_arg_cmp has_none_of(unsigned argument, scmp_datum_t bits) noexcept
{
    return {argument, SCMP_CMP_MASKED_EQ, bits, 0};
}

struct release_context {
    void operator()(void* context) const noexcept { seccomp_release(context); }
};

/// Adds rules until one fails.
class rule_list {
public:
    explicit rule_list(scmp_filter_ctx context) : context_(context) {}
    void allow(int call, std::initializer_list<scmp_arg_cmp> arguments = {})
    {
        if (call < 0 || failed_ != 0) return;
        failed_ = seccomp_rule_add_array(context_, SCMP_ACT_ALLOW, call, static_cast<unsigned>(arguments.size()),
                                         arguments.begin());
    }
    void refuse_as_unknown(int call)
    {
        if (call >= 0 && failed_ == 0)
            failed_ = seccomp_rule_add_array(context_, SCMP_ACT_ERRNO(ENOSYS), call, 0, nullptr);
    }
    /// 0, or the negative errno of libseccomp.
    [[nodiscard]] int failed() const noexcept { return failed_; }

private:
    scmp_filter_ctx context_;
    int failed_ = 0;
};

int add_rules(scmp_filter_ctx context)
{
    rule_list rules(context);
    for (const int call : plain_calls) rules.allow(call);
    // The kernel takes the lower half of a register: a value with something above it equals none of these.
    rules.allow(SCMP_SYS(socket), {equals(0, AF_NETLINK), equals(2, NETLINK_NETFILTER)});
    rules.allow(SCMP_SYS(socket), {equals(0, AF_INET)});
    rules.allow(SCMP_SYS(socket), {equals(0, AF_INET6)});
    rules.allow(SCMP_SYS(open), {has_none_of(1, writing_flags)});
    rules.allow(SCMP_SYS(openat), {has_none_of(2, writing_flags)});
    // Asking for a limit of its own, not setting one.
    rules.allow(SCMP_SYS(prlimit64), {equals(0, 0), equals(2, 0)});
    for (const unsigned long request : allowed_ioctls) rules.allow(SCMP_SYS(ioctl), {equals(1, request)});
    // glibc falls back on clone(), which is refused, only if there is no clone3().
    rules.refuse_as_unknown(SCMP_SYS(clone3));
    return rules.failed();
}

error filter_error(int negative_errno)
{
    return error(failure::internal, from_errno(-negative_errno, "make the filter of system calls").message());
}

}  // namespace

result<std::vector<sock_filter>> make_call_filter()
{
    const std::unique_ptr<void, release_context> context(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
    if (!context) return filter_error(-ENOMEM);
    int failed = seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
    if (failed == 0) failed = add_rules(context.get());
    // It is only written to descriptors. The kernel takes at most 32 KiB of it, and a pipe holds 64.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return from_errno(errno, "pipe");
    const unique_fd reader(ends[0]);
    const unique_fd writer(ends[1]);
    if (failed == 0) failed = seccomp_export_bpf(context.get(), writer.get());
    if (failed != 0) return filter_error(failed);

    std::vector<sock_filter> program(BPF_MAXINSNS);
    const ssize_t size = ::read(reader.get(), program.data(), program.size() * sizeof(sock_filter));
    if (size <= 0) return filter_error(-EIO);
    program.resize(static_cast<std::size_t>(size) / sizeof(sock_filter));
    return program;
}

}  // namespace nodescope
