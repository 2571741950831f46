#include "collectors/host/reader/reader_program.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/reader/messages.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/root.hpp"
#include "core/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace nodescope::host {

namespace {

constexpr std::size_t own_stat_bytes = 4096;

/// Processes of other users are only there for CAP_SYS_PTRACE where /proc is mounted with hidepid.
constexpr unsigned kept_right = CAP_SYS_PTRACE;
constexpr unsigned most_rights = 64;

/// False when the call is forbidden, as it is by the packaged unit's filter.
bool give_up_capabilities() noexcept
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> rights{};
    if (::syscall(SYS_capget, &header, rights.data()) != 0) return false;
    const std::uint32_t kept = rights[0].permitted & (1U << kept_right);
    rights[0] = {kept, kept, 0};
    rights[1] = {};
    return ::syscall(SYS_capset, &header, rights.data()) == 0;
}

/// Whether there were any: what is not ambient is gone after an exec, for another user than root (capabilities(7)).
bool lower_ambient() noexcept
{
    bool lowered = false;
    for (unsigned right = 0; right < most_rights; ++right) {
        if (right == kept_right || ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, right, 0, 0) != 1) continue;
        lowered |= ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, right, 0, 0) == 0;
    }
    return lowered;
}

void give_up_rights(std::string root)
{
    if (lower_ambient() && !give_up_capabilities() && ::geteuid() != 0) {
        // The same program from its beginning: then there is none left to lower.
        std::string word(reader_word);
        std::array<char*, 4> arguments{word.data(), word.data(), root.data(), nullptr};
        std::array<char*, 1> environment{nullptr};
        ::execve("/proc/self/exe", arguments.data(), environment.data());
    } else {
        give_up_capabilities();
    }
    ::prctl(PR_SET_NAME, "nodescope-read", 0, 0, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_NPROC, &none);
    ::setrlimit(RLIMIT_FSIZE, &none);
}

struct reader_message {
    reader_answer head;
    std::array<char, reader_text_bytes> text;
};

/// 0 or an errno.
int read_command_line(int directory, reader_message& into, std::size_t& size)
{
    // Waits where the kernel does: that is what this process is for.
    const unique_fd file(::openat(directory, "cmdline", O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return errno;
    while (size < into.text.size()) {
        const ssize_t got = ::read(file.get(), into.text.data() + size, into.text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return 0;
        size += static_cast<std::size_t>(got);
    }
    char more = 0;
    into.head.truncated = ::read(file.get(), &more, 1) > 0 ? 1 : 0;
    return 0;
}

int answer_request(int proc, reader_message& into, std::size_t& size)
{
    const reader_request& asked = into.head.asked;
    const std::string name = std::to_string(asked.pid);
    const unique_fd directory(::openat(proc, name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!directory) return errno == ENOENT ? ESRCH : errno;
    // What is read after this comes from the same process, or from none: the directory is that process's alone.
    const auto text = files::read_piece_at(directory.get(), "stat", own_stat_bytes, name);
    if (!text) return ESRCH;
    const auto stat = parse_process_stat(text->text);
    if (!stat || stat->start_ticks != asked.start_ticks) return ESRCH;
    if (asked.question != static_cast<std::uint32_t>(reader_question::command_line)) return EINVAL;
    return read_command_line(directory.get(), into, size);
}

}  // namespace

int run_reader(int socket, const std::string& root)
{
    give_up_rights(root);
    const unique_fd proc = files::open({root, "/proc"}, O_PATH | O_DIRECTORY);
    const int proc_error = proc ? 0 : errno;
    const reader_answer ready;
    if (::send(socket, &ready, sizeof ready, MSG_NOSIGNAL) < 0) return 1;
    for (;;) {
        reader_message one;
        one.head = {};
        const ssize_t got = ::recv(socket, &one.head.asked, sizeof one.head.asked, MSG_TRUNC);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) return 0;
        if (got != static_cast<ssize_t>(sizeof one.head.asked)) return 1;
        std::size_t size = 0;
        one.head.error_number = proc ? answer_request(proc.get(), one, size) : proc_error;
        if (one.head.error_number != 0) size = 0;
        if (::send(socket, &one, sizeof one.head + size, MSG_NOSIGNAL) < 0) return 1;
    }
}

}  // namespace nodescope::host
