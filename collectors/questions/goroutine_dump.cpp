#include "collectors/questions/goroutine_dump.hpp"

#include "collectors/host/proc/daemon_process.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"
#include "core/rfc3339.hpp"
#include "core/unique_fd.hpp"

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodescope {

namespace {

namespace asio = boost::asio;

// Tells a file that is still being written, or was written again, from one that is as it was.
struct file_version {
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t changed_seconds = 0;
    std::int64_t changed_nanoseconds = 0;
    friend bool operator==(const file_version&, const file_version&) = default;
};
using directory_state = std::map<std::string, file_version>;

// Where a daemon's dumps appear, and how their names begin and end.
struct dump_place {
    dump_place(files::place d, std::string p, std::string s)
        : directory(std::move(d)), prefix(std::move(p)), suffix(std::move(s))
    {
    }
    files::place directory;
    std::string prefix;
    std::string suffix;
};

// The regular files there. A link planted there is no dump.
result<directory_state> blocking_look(const dump_place& place)
{
    const files::place& where = place.directory;
    auto opened = files::open_directory(where);
    if (!opened) return opened.error();
    files::directory entries(std::move(*opened));
    if (!entries) return from_errno(errno, "read " + where.shown());
    directory_state state;
    while (const dirent* const entry = entries.next()) {
        const std::string name(static_cast<const char*>(entry->d_name));
        if (!name.starts_with(place.prefix) || !name.ends_with(place.suffix)) continue;
        struct stat file {};
        if (::fstatat(entries.descriptor(), name.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(file.st_mode)) continue;
        state[name] = file_version{file.st_ino, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec};
    }
    if (entries.failure() != 0) return from_errno(entries.failure(), "read " + where.shown());
    return state;
}

// The first file that is new or changed, has something in it, and is as it was a moment ago.
std::optional<std::string> finished_file(const directory_state& before, const directory_state& last,
                                         const directory_state& now)
{
    for (const auto& [name, version] : now) {
        const auto old = before.find(name);
        if (version.size == 0 || (old != before.end() && old->second == version)) continue;
        if (const auto previous = last.find(name); previous != last.end() && previous->second == version) return name;
    }
    return std::nullopt;
}

result<void> copy_contents(int from, int to, const std::string& shown)
{
    std::array<char, 64 * 1024> buffer;
    for (;;) {
        const ssize_t got = ::read(from, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return from_errno(errno, "read " + shown);
        if (got == 0) return {};
        for (ssize_t written = 0; written < got;) {
            const ssize_t put = ::write(to, buffer.data() + written, static_cast<std::size_t>(got - written));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return from_errno(errno, "copy " + shown);
            written += put;
        }
    }
}

// Moves a dump; across file systems (the exec root is usually a tmpfs) by a copy.
result<std::string> move_dump(const files::place& place, const std::string& folder, const std::string& name,
                              std::size_t limit_bytes)
{
    const auto directory = files::open_directory(place);
    if (!directory) return directory.error();
    const std::string from = (place / name).shown();
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) return from_errno(failed.value(), "make " + folder);
    const std::string target = fmt::format("{}/{}", folder, name);

    const unique_fd source(::openat(directory->get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!source) return from_errno(errno, "open " + from);
    struct stat file {};
    if (::fstat(source.get(), &file) != 0) return from_errno(errno, "stat " + from);
    if (static_cast<std::uint64_t>(file.st_size) > limit_bytes) {
        return error(failure::too_large, fmt::format("{} has {} bytes, more than {}", from, file.st_size, limit_bytes));
    }
    if (::renameat(directory->get(), name.c_str(), AT_FDCWD, target.c_str()) == 0) return target;
    if (errno != EXDEV) return from_errno(errno, fmt::format("move {} to {}", from, target));

    const std::string partial = target + ".partial";
    ::unlink(partial.c_str());
    const unique_fd copy(::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!copy) return from_errno(errno, "create " + partial);
    const auto copied = copy_contents(source.get(), copy.get(), from);
    if (!copied || ::rename(partial.c_str(), target.c_str()) != 0) {
        const error why = copied ? from_errno(errno, "create " + target) : copied.error();
        ::unlink(partial.c_str());
        return why;
    }
    ::unlinkat(directory->get(), name.c_str(), 0);
    return target;
}

// Which files are there before the signal, and the signal.
struct signalled {
    pid_t pid = 0;
    directory_state before;
    utc_time at;
};

result<signalled> blocking_signal(const std::string& root, std::string_view daemon, const std::string& pid_file,
                                  const std::string& socket, const dump_place& place)
{
    const auto process = host::find_daemon(root, daemon, pid_file, socket);
    if (!process) return process.error();
    const auto before = blocking_look(place);
    if (!before) return before.error();
    const auto sent = host::signal_daemon(*process, daemon, SIGUSR1);
    if (!sent) return sent.error();
    signalled done;
    done.pid = process->pid();
    done.before = *before;
    done.at = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    return done;
}

// Looks again and again until the dump is complete; gives its name.
task<result<std::string>> wait_for_dump(worker_pool& pool, dump_place place, directory_state before,
                                        steady_clock::duration settle, deadline limit)
{
    asio::steady_timer pause(co_await asio::this_coro::executor);
    directory_state last;
    while (!limit.passed()) {
        auto work = [place](const abandon_flag&) { return blocking_look(place); };
        result<directory_state> now = co_await pool.run("goroutine dump", limit, std::move(work));
        if (!now) co_return now.error();
        if (auto name = finished_file(before, last, *now)) co_return std::move(*name);
        last = std::move(*now);
        pause.expires_at(std::min(limit.at(), steady_clock::now() + settle));
        co_await pause.async_wait(asio::use_awaitable);
    }
    co_return error(failure::timed_out,
                    fmt::format("goroutine dump: no complete {}*{} in {} within {}", place.prefix, place.suffix,
                                place.directory.shown(), duration_text(limit.limit())));
}

}  // namespace

goroutine_dump_collector::goroutine_dump_collector(worker_pool& pool, goroutine_dump_options options)
    : pool_(pool), options_(std::move(options))
{
}

task<result<std::string>> goroutine_dump_collector::dump_dockerd(deadline limit)
{
    return shared_dump("dockerd", &goroutine_dump_collector::run_dockerd_dump, limit);
}

task<result<std::string>> goroutine_dump_collector::dump_containerd(deadline limit)
{
    return shared_dump("containerd", &goroutine_dump_collector::run_containerd_dump, limit);
}

task<result<std::string>> goroutine_dump_collector::shared_dump(std::string daemon, dump_run run, deadline limit)
{
    std::string what = daemon + " goroutine dump";
    if (!options_.enabled) {
        co_return error(failure::disabled,
                        what + ": signals another process, and is switched off in the configuration of this service");
    }
    const auto begin = [this, run](deadline own) { return (this->*run)(own); };
    co_return co_await calls_.join(std::move(what), limit, begin);
}

task<result<std::string>> goroutine_dump_collector::run_dockerd_dump(deadline limit)
{
    // Docker's daemon/debugtrap_unix.go and pkg/signal/trap.go, 20.10.
    const dump_place place(files::place(options_.root, options_.docker_exec_root), "goroutine-stacks-", ".log");
    auto send = [root = options_.root, pid_file = options_.docker_pid_file, place](const abandon_flag&) {
        return blocking_signal(root, "dockerd", pid_file, {}, place);
    };
    result<signalled> sent = co_await pool_.run("dockerd goroutine dump", limit, std::move(send));
    if (!sent) co_return sent.error();

    result<std::string> name = co_await wait_for_dump(pool_, place, sent->before, options_.settle, limit);
    if (!name) co_return name.error();
    auto move = [name = *name, from = place.directory, folder = options_.data_root + "/dockerd-goroutine",
                 limit_bytes = options_.dump_limit_bytes](const abandon_flag&) {
        return move_dump(from, folder, name, limit_bytes);
    };
    co_return co_await pool_.run("dockerd goroutine dump", limit, std::move(move));
}

task<result<std::string>> goroutine_dump_collector::run_containerd_dump(deadline limit)
{
    // containerd's cmd/containerd/command/main.go, 1.6: containerd.<pid>.stacks.log in os.TempDir().
    dump_place place(files::place(options_.root, options_.containerd_temporary_directory), "containerd.", "stacks.log");
    auto send = [root = options_.root, pid_file = options_.containerd_pid_file, socket = options_.containerd_socket,
                 place](const abandon_flag&) { return blocking_signal(root, "containerd", pid_file, socket, place); };
    result<signalled> sent = co_await pool_.run("containerd goroutine dump", limit, std::move(send));
    if (!sent) co_return sent.error();

    place.prefix += fmt::format("{}.", sent->pid);
    result<std::string> name = co_await wait_for_dump(pool_, std::move(place), sent->before, options_.settle, limit);
    if (!name) co_return name.error();
    co_return rfc3339(sent->at);
}

}  // namespace nodescope
