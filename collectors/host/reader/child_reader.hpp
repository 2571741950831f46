// Reads through a process of its own, which is killed when it hangs. Started by the first question.
#pragma once

#include "collectors/host/reader/messages.hpp"
#include "collectors/host/reader/process_reader.hpp"
#include "core/process/child_process.hpp"
#include "core/unique_fd.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace nodescope::host {

struct child_reader_options {
    child_reader_options() = default;
    std::string root = "/";
    std::string program = "/proc/self/exe";  ///< which is a reader when its arguments are reader_word and the root
    /// A read takes some microseconds. One that still waits after this long waits for what its process does.
    steady_clock::duration patience = std::chrono::milliseconds(50);
    /// A reader that had no processor for so long is given up as well.
    steady_clock::duration busy_patience = std::chrono::seconds(2);
    /// How long a process that hung is not asked again: each time costs the patience and a new reader.
    steady_clock::duration memory = std::chrono::minutes(1);
    std::size_t remembered = 1024;  ///< of those, at most
};

struct child_reader_statistics {
    child_reader_statistics() = default;
    std::uint64_t started = 0;  ///< reader processes
    std::uint64_t hung = 0;     ///< of those, killed
};

class child_reader final : public process_reader {
public:
    explicit child_reader(child_reader_options options) : options_(std::move(options)) {}
    child_reader(const child_reader&) = delete;
    child_reader& operator=(const child_reader&) = delete;
    ~child_reader() override = default;

    result<files::file_text> blocking_command_line(pid_t pid, std::uint64_t start_ticks, deadline limit) override;

    /// Ends the process; the next question starts another. Blocking, for as long as the kernel needs to end it.
    void blocking_end();
    /// From any thread.
    [[nodiscard]] child_reader_statistics statistics() const noexcept;

private:
    struct channel {
        channel(unique_fd s, child_process c) : socket(std::move(s)), child(std::move(c)) {}
        unique_fd socket;
        child_process child;
    };
    struct hung_process {
        pid_t pid;
        std::uint64_t start_ticks;
        steady_clock::time_point until;
    };

    result<void> start();
    [[nodiscard]] bool sent(const reader_request& request) const;
    result<files::file_text> wait_for_answer(const reader_request& request, deadline limit);
    result<files::file_text> take_answer(const reader_request& request);
    /// Kills the reader and remembers the process.
    error hangs(const reader_request& request);
    [[nodiscard]] bool hung_before(const reader_request& request);
    [[nodiscard]] bool is_readable(steady_clock::duration patience) const;
    /// Whether the reader waits for a processor, and not for a process.
    [[nodiscard]] bool reader_is_busy() const;
    /// Kills it, and keeps what is left of it until it is gone.
    void drop();

    const child_reader_options options_;
    std::mutex mutex_;
    std::optional<channel> channel_;
    std::list<child_process> ending_;  // killed, and not yet gone
    std::deque<hung_process> hung_;    // the oldest first
    std::atomic<std::uint64_t> started_ = 0;
    std::atomic<std::uint64_t> killed_ = 0;
};

}  // namespace nodescope::host
