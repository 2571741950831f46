// What long work says on standard error while it lasts. Nothing is written where that is no terminal.
#pragma once

#include "server/cli/screen.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace nodescope::cli {

/// One line that is written over itself, and not there any more at the end. It needs no escape sequences.
class passing_line {
public:
    passing_line() = default;
    passing_line(const passing_line&) = delete;
    passing_line& operator=(const passing_line&) = delete;
    ~passing_line() { clear(); }

    [[nodiscard]] bool is_seen() const noexcept { return on_.terminal; }
    /// Escaped, and cut where the terminal ends.
    void show(std::string_view text);
    void clear() { show({}); }

private:
    const screen on_ = screen::of(stderr);
    std::size_t columns_ = 0;  // of what stands there
};

/// How much of a list is done: "[#####     ] 3/6 what".
std::string progress_text(std::size_t done, std::size_t all, std::string_view what);

/// How long it has been waited for one answer, for as long as the object lives: by the second, beginning with the
/// first.
class waiting_sign {
public:
    waiting_sign(std::string what, std::chrono::milliseconds limit);
    waiting_sign(const waiting_sign&) = delete;
    waiting_sign& operator=(const waiting_sign&) = delete;
    ~waiting_sign();

private:
    void tell();

    const std::string what_;
    const std::chrono::milliseconds limit_;
    passing_line line_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread teller_;  // the last member: it uses the others
};

}  // namespace nodescope::cli
