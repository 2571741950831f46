// A network namespace, held by descriptor, and the one place where a thread of ours enters one.
#pragma once

#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <sys/types.h>

#include <concepts>
#include <memory>
#include <utility>

namespace nodescope::netlink {

/// Which namespace: two are the same exactly when both numbers are equal. Paths say nothing.
struct namespace_identity {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const namespace_identity&, const namespace_identity&) = default;
};

/// A descriptor of a namespace; copies share it. It keeps the namespace, and so a dead container's network, alive: hold
/// it for one read, never longer.
class net_namespace {
public:
    /// Opens `ns/net` relative to an open /proc/PID directory. failure::gone when the process has ended (a zombie, too,
    /// has no namespace any more), failure::denied with the missing privilege named (CAP_SYS_PTRACE) on
    /// EACCES/EPERM.
    static result<net_namespace> of_process(int proc_pid_directory);
    /// One that is bound to a file of that directory, as `ip netns` and the runtimes do. failure::gone when there is no
    /// such file. Whether it is a namespace at all is not looked at.
    static result<net_namespace> of_file(int directory, const char* name);
    /// The namespace of the calling thread (/proc/thread-self/ns/net).
    static result<net_namespace> of_this_thread();
    /// What a file of /run/netns was opened as. failure::malformed when it is no network namespace.
    static result<net_namespace> of_descriptor(unique_fd opened);

    [[nodiscard]] int descriptor() const noexcept { return descriptor_->get(); }
    [[nodiscard]] namespace_identity identity() const noexcept { return identity_; }

private:
    net_namespace(unique_fd descriptor, namespace_identity identity)
        : descriptor_(std::make_shared<const unique_fd>(std::move(descriptor))), identity_(identity)
    {
    }
    static result<net_namespace> adopt(unique_fd descriptor);

    std::shared_ptr<const unique_fd> descriptor_;
    namespace_identity identity_;
};

namespace detail {
/// Enters on construction, returns on destruction. Aborts the process when the way back fails, and before entering when
/// the thread is not in `home`: a thread lost in a container's namespace would give wrong answers for good.
class setns_window {
public:
    setns_window(const net_namespace& home, const net_namespace& target);
    ~setns_window();
    setns_window(const setns_window&) = delete;
    setns_window& operator=(const setns_window&) = delete;
    /// 0, or the errno of the failed entry.
    [[nodiscard]] int error_number() const noexcept { return error_number_; }

private:
    const net_namespace& home_;
    int error_number_ = 0;
};
error entry_refused(int error_number);
}  // namespace detail

/// Runs `action` with the calling thread inside `target`; the thread is back in `home` when this returns. `action` must
/// only create what is to belong to the target (a socket, an open file of /proc/sys/net, a child process): no threads,
/// no name resolution, no waiting.
/// When target and home are the same namespace, nothing is entered. failure::denied names the missing capability
/// (CAP_SYS_ADMIN). Blocking: for pool threads.
template <std::invocable Action>
auto run_in(const net_namespace& home, const net_namespace& target, Action action) -> decltype(action())
{
    if (home.identity() == target.identity()) return action();
    const detail::setns_window window(home, target);
    if (window.error_number() != 0) return detail::entry_refused(window.error_number());
    return action();
}

}  // namespace nodescope::netlink
