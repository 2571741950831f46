// A child process in a network namespace of its own, for tests that need a real one. Needs root; is_possible() says so.
#pragma once

#include "core/unique_fd.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>

namespace nodescope::testing {

class namespace_child {
public:
    /// Without `own_namespace` the child stays in ours.
    explicit namespace_child(bool own_namespace = true)
    {
        int ready[2];
        if (::pipe2(ready, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
        const unique_fd reader(ready[0]);
        unique_fd writer(ready[1]);
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            const bool entered = !own_namespace || ::unshare(CLONE_NEWNET) == 0;
            if (!entered || ::write(writer.get(), "1", 1) != 1) ::_exit(1);
            for (;;) ::pause();
        }
        writer.reset();
        char byte = 0;
        if (::read(reader.get(), &byte, 1) != 1) {
            stop();
            throw std::runtime_error("unshare(CLONE_NEWNET) failed: the test needs root");
        }
    }
    namespace_child(const namespace_child&) = delete;
    namespace_child& operator=(const namespace_child&) = delete;
    ~namespace_child() { stop(); }

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// An open /proc/PID.
    [[nodiscard]] unique_fd proc_directory() const
    {
        return unique_fd(::open(("/proc/" + std::to_string(pid_)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }

    /// Ends the child but leaves it as a zombie.
    void kill_without_reaping() const
    {
        ::kill(pid_, SIGKILL);
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }

    void stop() noexcept
    {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

    /// Making a network namespace needs CAP_SYS_ADMIN.
    static bool is_possible() { return ::geteuid() == 0; }

private:
    pid_t pid_ = -1;
};

}  // namespace nodescope::testing
