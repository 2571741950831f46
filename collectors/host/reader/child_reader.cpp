#include "collectors/host/reader/child_reader.hpp"

#include "collectors/host/proc/proc_text.hpp"
#include "collectors/host/reader/reader_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <limits>

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace nodescope::host {

namespace {

/// Killed readers that hang on in a kernel whose waits cannot be killed (before Linux 5.3, access_remote_vm): with so
/// many of them, no more are made.
constexpr std::size_t ending_limit = 4;
/// A killed process is gone within a millisecond where nothing holds it.
constexpr std::chrono::milliseconds end_patience{20};
constexpr std::size_t stat_bytes = 4096;
constexpr std::size_t reader_files = 16;
/// Of all its questions together; then another takes its place.
constexpr std::chrono::hours processor_time{1};

struct answer_message {
    reader_answer head;
    std::array<char, reader_text_bytes> text;
};

error no_reader(std::string_view why) { return error(failure::unavailable, fmt::format("process reader: {}", why)); }

/// Rounded up, so that a wait is never one of 0 ms.
int poll_time(steady_clock::duration patience)
{
    const auto count = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
    return static_cast<int>(std::clamp<std::int64_t>(count, 0, std::numeric_limits<int>::max()));
}

void wait_briefly_for_end(const child_process& child)
{
    pollfd ended{child.exit_descriptor(), POLLIN, 0};
    ::poll(&ended, 1, poll_time(end_patience));
}

}  // namespace

result<files::file_text> child_reader::blocking_command_line(pid_t pid, std::uint64_t start_ticks, deadline limit)
{
    const reader_request request{static_cast<std::uint32_t>(reader_question::command_line), pid, start_ticks};
    const std::lock_guard lock(mutex_);
    if (hung_before(request)) {
        return error(failure::timed_out,
                     fmt::format("the command line is not asked for: reading it hung less than {} ago",
                                 duration_text(options_.memory)));
    }
    // It may have been killed by somebody else, or by the kernel that needed its memory.
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (!channel_) {
            if (auto started = start(); !started) return started.error();
        }
        if (!sent(request)) {
            drop();
            continue;
        }
        auto text = wait_for_answer(request, limit);
        if (text || text.error().kind() != failure::unavailable) return text;
    }
    return no_reader("it ends as soon as it has begun");
}

result<void> child_reader::start()
{
    ending_.remove_if([](child_process& one) { return one.try_reap().has_value(); });
    if (ending_.size() >= ending_limit) {
        return no_reader(fmt::format("{} of them were killed and do not end", ending_.size()));
    }
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return no_reader(from_errno(errno, "socketpair").message());
    }
    unique_fd ours(ends[0]);
    const unique_fd theirs(ends[1]);
    // It starts in another directory.
    const std::string root = std::filesystem::absolute(options_.root).string();
    program what{options_.program, {std::string(reader_word), root}};
    what.input = theirs.get();
    process_limits limits;
    limits.open_files = reader_files;
    limits.processor_time = processor_time;
    // No limit of ours: its buffers are fixed, and the runtimes of sanitizers reserve more than could be named.
    rlimit own{};
    if (::getrlimit(RLIMIT_AS, &own) == 0) limits.address_space = own.rlim_max;
    auto child = child_process::spawn(what, limits);
    if (!child) return no_reader(child.error().message());
    channel_.emplace(std::move(ours), std::move(*child));
    // It writes to neither stream.
    channel_->child.take_output().reset();
    channel_->child.take_errors().reset();
    ++started_;

    // Its first message says that it is loaded, which from a slow disk takes longer than any read of /proc.
    reader_answer ready;
    if (is_readable(options_.busy_patience) &&
        ::recv(channel_->socket.get(), &ready, sizeof ready, MSG_TRUNC) == static_cast<ssize_t>(sizeof ready)) {
        return {};
    }
    drop();
    return no_reader(fmt::format("it was not ready within {}", duration_text(options_.busy_patience)));
}

bool child_reader::sent(const reader_request& request) const
{
    return ::send(channel_->socket.get(), &request, sizeof request, MSG_NOSIGNAL) ==
           static_cast<ssize_t>(sizeof request);
}

bool child_reader::is_readable(steady_clock::duration patience) const
{
    pollfd answer{channel_->socket.get(), POLLIN, 0};
    const deadline limit = deadline::in(patience);
    int ready = 0;
    do {
        ready = ::poll(&answer, 1, poll_time(limit.remaining()));
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

result<files::file_text> child_reader::wait_for_answer(const reader_request& request, deadline limit)
{
    const deadline busy_limit = deadline::in(options_.busy_patience);
    do {
        if (is_readable(std::min(options_.patience, limit.remaining()))) return take_answer(request);
    } while (!limit.passed() && !busy_limit.passed() && reader_is_busy());
    // It may have answered between the look at the socket and that at its state.
    if (is_readable(steady_clock::duration::zero())) return take_answer(request);
    return hangs(request);
}

result<files::file_text> child_reader::take_answer(const reader_request& request)
{
    answer_message got;
    const ssize_t size = ::recv(channel_->socket.get(), &got, sizeof got, MSG_TRUNC);
    const auto head_size = static_cast<ssize_t>(sizeof got.head);
    if (size < head_size || size > static_cast<ssize_t>(sizeof got) || got.head.asked != request) {
        drop();
        return no_reader(size == 0 ? "it ended" : "its answer is not one");
    }
    if (got.head.error_number == ESRCH) return error(failure::gone, fmt::format("process {} has ended", request.pid));
    if (got.head.error_number != 0) {
        return from_errno(got.head.error_number, fmt::format("read the command line of process {}", request.pid));
    }
    files::file_text text;
    text.text.assign(got.text.data(), static_cast<std::size_t>(size - head_size));
    text.truncated = got.head.truncated != 0;
    return text;
}

error child_reader::hangs(const reader_request& request)
{
    drop();
    ++killed_;
    if (hung_.size() >= options_.remembered) hung_.pop_front();
    hung_.push_back({request.pid, request.start_ticks, steady_clock::now() + options_.memory});
    return {failure::timed_out,
            fmt::format("the command line was not read within {}: the process keeps its memory locked",
                        duration_text(options_.patience))};
}

bool child_reader::hung_before(const reader_request& request)
{
    while (!hung_.empty() && hung_.front().until <= steady_clock::now()) hung_.pop_front();
    return std::any_of(hung_.begin(), hung_.end(), [&](const hung_process& one) {
        return one.pid == request.pid && one.start_ticks == request.start_ticks;
    });
}

bool child_reader::reader_is_busy() const
{
    // In our own /proc, whatever the root: the number is ours.
    const auto text = files::read_file({"/", fmt::format("/proc/{}/stat", channel_->child.pid())}, stat_bytes);
    if (!text) return false;
    const auto stat = parse_process_stat(text->text);
    return stat && stat->state == 'R';
}

void child_reader::drop()
{
    if (!channel_) return;
    channel_->child.kill_group();
    wait_briefly_for_end(channel_->child);
    if (!channel_->child.try_reap()) ending_.push_back(std::move(channel_->child));
    channel_.reset();
}

void child_reader::blocking_end()
{
    const std::lock_guard lock(mutex_);
    drop();
}

child_reader_statistics child_reader::statistics() const noexcept
{
    child_reader_statistics counts;
    counts.started = started_;
    counts.hung = killed_;
    return counts;
}

}  // namespace nodescope::host
