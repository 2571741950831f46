// Runs a piece of a test in a child process with a mount namespace of its own, so that what it mounts is nobody else's
// and gone with it. Needs root.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

namespace nodescope::testing {

enum class child_verdict { good, bad, impossible };

/// `body() -> bool`; it prints what is wrong. `impossible`: no right to make a mount namespace.
template <class Body>
child_verdict in_own_mounts(Body body)
{
    constexpr int not_permitted = 77;
    const pid_t child = ::fork();
    if (child == 0) {
        const bool own =
            ::unshare(CLONE_NEWNS | CLONE_NEWPID) == 0 && ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        if (!own) ::_exit(not_permitted);
        // The mounts of process 1 are the node's.
        if (const pid_t first = ::fork(); first != 0) {
            int status = 0;
            ::waitpid(first, &status, 0);
            ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
        }
        if (::mount("proc", "/proc", "proc", 0, nullptr) != 0) ::_exit(not_permitted);
        int status = 1;
        try {
            status = body() ? 0 : 1;
        } catch (const std::exception& thrown) {
            std::cerr << thrown.what() << '\n';
        }
        std::cerr.flush();
        ::_exit(status);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == not_permitted) return child_verdict::impossible;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? child_verdict::good : child_verdict::bad;
}

}  // namespace nodescope::testing
