#include "core/process/child_process.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace nodescope {

namespace {

constexpr int first_free_descriptor = 3;
// The highest there is (OOM_SCORE_ADJ_MAX of linux/oom.h): of all in a memory cgroup a helper goes first.
constexpr std::string_view killed_first = "1000";
constexpr std::size_t child_stack_size = 64UL * 1024UL;
// Long enough for a killed process to be gone on a busy machine, short enough for a thread with other work.
constexpr int last_wait_ms = 100;

/// Everything the child needs, prepared before it exists: it may only make system calls.
struct child_start {
    const char* path;
    char* const* arguments;
    char* const* environment;
    int input;
    int output;
    int errors;
    pid_t parent;
    const sandbox* confined;
    rlimit address_space;
    rlimit open_files;
    rlimit processor_time;
    // Written by the child, read by us: they share memory until the exec.
    const char* failed_step;
    int error_number;
};

// The sanitizers' runtimes allocate memory in instrumented code (for example before a call that does not return), which
// a child with limits and borrowed memory must not do: these three functions are not instrumented.
[[noreturn, gnu::no_sanitize_address, gnu::no_sanitize_thread]] void give_up(child_start& self,
                                                                             const char* step) noexcept
{
    self.error_number = errno;
    self.failed_step = step;
    ::_exit(127);
}

[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] bool reset_signals() noexcept
{
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    // The numbers libc keeps for itself are refused with EINVAL; an exec resets their handlers anyway.
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
    sigset_t none;
    sigemptyset(&none);
    return ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

/// Without /proc, or where it is read-only, the limits alone must do. While the child borrows our memory the kernel
/// changes its own score only, because of CLONE_VFORK (__set_oom_adj of fs/proc/base.c).
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] void be_killed_first() noexcept
{
    const int file = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    [[maybe_unused]] const ssize_t written = ::write(file, killed_first.data(), killed_first.size());
    ::close(file);
}

/// Runs in the child, on a stack of its own but in our memory, while the calling thread waits. Makes only
/// async-signal-safe calls, and changes no memory of ours except `child_start`.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] int start_child(void* argument) noexcept
{
    child_start& self = *static_cast<child_start*>(argument);
    if (::setpgid(0, 0) != 0) give_up(self, "setpgid");
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(self, "prctl PR_SET_PDEATHSIG");
    // Our process may have ended before that call, and then the signal would never come (prctl(2)).
    if (::getppid() != self.parent) ::_exit(127);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(self, "prctl PR_SET_NO_NEW_PRIVS");
    be_killed_first();
    if (self.confined != nullptr) {
        if (const char* const step = self.confined->give_up_rights()) give_up(self, step);
    }
    if (!reset_signals()) give_up(self, "sigprocmask");
    if (::dup2(self.input, STDIN_FILENO) < 0 || ::dup2(self.output, STDOUT_FILENO) < 0 ||
        ::dup2(self.errors, STDERR_FILENO) < 0) {
        give_up(self, "dup2");
    }
    // All our descriptors are O_CLOEXEC; this is for those that a library may have opened without. ENOSYS before 5.9.
    if (::syscall(SYS_close_range, first_free_descriptor, UINT_MAX, 0) != 0 && errno != ENOSYS) {
        give_up(self, "close_range");
    }
    if (::chdir("/") != 0) give_up(self, "chdir");
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) give_up(self, "setrlimit RLIMIT_CORE");
    if (::setrlimit(RLIMIT_NOFILE, &self.open_files) != 0) give_up(self, "setrlimit RLIMIT_NOFILE");
    if (::setrlimit(RLIMIT_CPU, &self.processor_time) != 0) give_up(self, "setrlimit RLIMIT_CPU");
    if (::setrlimit(RLIMIT_AS, &self.address_space) != 0) give_up(self, "setrlimit RLIMIT_AS");
    if (self.confined != nullptr) {
        if (const char* const step = self.confined->filter_calls()) give_up(self, step);
    }
    ::execve(self.path, self.arguments, self.environment);
    give_up(self, "execve");
}

/// Blocks every signal for its lifetime: a handler of ours could otherwise run in the child between its clone and exec.
class signal_block {
public:
    signal_block() noexcept
    {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~signal_block() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    signal_block(const signal_block&) = delete;
    signal_block& operator=(const signal_block&) = delete;

private:
    sigset_t before_;
};

/// Above the three that dup2 writes to, or it could close what it is about to copy (we may have been started without
/// standard streams).
unique_fd lift(unique_fd descriptor)
{
    if (descriptor.get() >= first_free_descriptor || !descriptor) return descriptor;
    return unique_fd(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, first_free_descriptor));
}

struct pipe_ends {
    unique_fd reader;
    unique_fd writer;
};

result<pipe_ends> make_pipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return from_errno(errno, "pipe");
    pipe_ends made{unique_fd(ends[0]), lift(unique_fd(ends[1]))};
    if (!made.writer || ::fcntl(made.reader.get(), F_SETFL, O_NONBLOCK) != 0) return from_errno(errno, "pipe");
    return made;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings)
{
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (std::string& each : strings) pointers.push_back(each.data());
    pointers.push_back(nullptr);
    return pointers;
}

rlimit both(std::size_t value) noexcept { return {value, value}; }

/// At the first limit SIGXCPU, which says why; a second later SIGKILL, for a program that ignores the other.
rlimit seconds_and_one(std::chrono::seconds limit) noexcept
{
    const auto seconds = static_cast<rlim_t>(limit.count());
    return {seconds, seconds + 1};
}

error refused(const std::string& path, std::string_view why)
{
    return {failure::denied, fmt::format("{}: not run, because {}", path, why)};
}

}  // namespace

result<void> check_program(const std::string& path)
{
    const auto name_at = path.rfind('/');
    if (path.empty() || path.front() != '/') return refused(path, "its path is not absolute");
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) {
        return error(failure::unavailable, from_errno(errno, fmt::format("cannot run {}", path)).message());
    }
    if (!S_ISREG(file.st_mode) || (file.st_mode & 0111U) == 0) {
        return error(failure::unavailable, fmt::format("cannot run {}: not an executable file", path));
    }
    if (file.st_uid != 0) return refused(path, "it does not belong to root");
    if ((file.st_mode & 022U) != 0) return refused(path, "others than its owner may write to it");

    const std::string folder = path.substr(0, name_at == 0 ? 1 : name_at);
    struct stat directory {};
    if (::stat(folder.c_str(), &directory) != 0) return refused(path, "its folder cannot be looked at");
    if (directory.st_uid != 0 || (directory.st_mode & 022U) != 0) {
        return refused(path, "others than root may write to its folder");
    }
    return {};
}

// Why not posix_spawn, which works the same way underneath: it has no attribute for resource limits, for the signal on
// the parent's death, or for no-new-privileges. Why not fork: it copies our page tables, and the caller waits longer
// the more memory we use. CLONE_VM | CLONE_VFORK is what glibc's posix_spawn does (sysdeps/unix/sysv/linux/ spawni.c):
// the child borrows our memory, the calling thread waits until its exec.
result<child_process> child_process::spawn(const program& what, const process_limits& limits)
{
    auto output = make_pipe();
    if (!output) return output.error();
    auto errors = make_pipe();
    if (!errors) return errors.error();
    unique_fd input;
    if (what.input < 0) input = lift(unique_fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
    else input.reset(::fcntl(what.input, F_DUPFD_CLOEXEC, first_free_descriptor));
    if (!input) return from_errno(errno, what.input < 0 ? "open /dev/null" : "duplicate the input");

    std::vector<std::string> arguments{what.path.substr(what.path.rfind('/') + 1)};
    arguments.insert(arguments.end(), what.arguments.begin(), what.arguments.end());
    std::vector<std::string> environment{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
    const std::vector<char*> argument_pointers = pointers_to(arguments);
    const std::vector<char*> environment_pointers = pointers_to(environment);
    child_start self{.path = what.path.c_str(),
                     .arguments = argument_pointers.data(),
                     .environment = environment_pointers.data(),
                     .input = input.get(),
                     .output = output->writer.get(),
                     .errors = errors->writer.get(),
                     .parent = ::getpid(),
                     .confined = what.confined.get(),
                     .address_space = both(limits.address_space),
                     .open_files = both(limits.open_files),
                     .processor_time = seconds_and_one(limits.processor_time),
                     .failed_step = nullptr,
                     .error_number = 0};

    std::vector<std::byte> stack(child_stack_size);
    std::byte* const top = stack.data() + (stack.size() & ~std::size_t{15});
    pid_t pid = -1;
    {
        const signal_block blocked;
        pid = ::clone(start_child, top, CLONE_VM | CLONE_VFORK | SIGCHLD, &self);
    }
    if (pid < 0) return from_errno(errno, "clone");
    child_process started(pid, std::move(output->reader), std::move(errors->reader));
    if (self.failed_step != nullptr) {
        return from_errno(self.error_number, fmt::format("{}: {}", what.path, self.failed_step));
    }
    return started;
}

child_process::child_process(pid_t pid, unique_fd output, unique_fd errors)
    : pid_(pid)
      // No race: the number of a child that was not reaped stays its own.
      ,
      exit_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
      output_(std::move(output)),
      errors_(std::move(errors))
{
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      exit_(std::move(other.exit_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_))
{
}

child_process::~child_process()
{
    if (pid_ < 0) return;
    kill_group();
    for (int waited_ms = 0; !try_reap() && waited_ms < last_wait_ms; ++waited_ms) ::poll(nullptr, 0, 1);
}

void child_process::kill_group() noexcept
{
    if (pid_ > 0) ::kill(-pid_, SIGKILL);
}

std::optional<process_end> child_process::try_reap() noexcept
{
    const auto wait = [this](siginfo_t& how, int options) {
        int outcome = 0;
        do {
            how = {};
            outcome = ::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED | WNOHANG | options);
        } while (outcome != 0 && errno == EINTR);
        return outcome == 0;
    };
    siginfo_t how{};
    if (wait(how, WNOWAIT) && how.si_pid == 0) return std::nullopt;
    kill_group();
    const bool known = wait(how, 0);
    pid_ = -1;
    process_end end;
    // ECHILD: somebody else reaped it (SIGCHLD ignored in this process). How it ended is then unknown for good.
    if (!known) end.signal = 0;
    else if (how.si_code == CLD_EXITED) end.status = how.si_status;
    else end.signal = how.si_status;
    return end;
}

}  // namespace nodescope
