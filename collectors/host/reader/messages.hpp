// What the service and its reader process say to each other: one message each way, over a socket that keeps messages
// whole (SOCK_SEQPACKET) between two processes of one program. A process is named by number and start, never by a path.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nodescope::host {

/// What can be asked.
enum class reader_question : std::uint32_t {
    command_line = 1,  ///< /proc/PID/cmdline, at most reader_text_bytes of it
};

struct reader_request {
    std::uint32_t question = 0;
    std::int32_t pid = 0;
    std::uint64_t start_ticks = 0;  ///< field 22 of /proc/PID/stat: tells a process from a later one with its number
    friend bool operator==(const reader_request&, const reader_request&) = default;
};

/// The text follows. The first one answers no question: it says that the reader is ready.
struct reader_answer {
    reader_request asked;
    std::int32_t error_number = 0;  ///< ESRCH: there is no such process (any more)
    std::uint32_t truncated = 0;    ///< 1: the file goes on after the text
};

/// Command lines are a few hundred bytes; one of Java a few thousand.
inline constexpr std::size_t reader_text_bytes = 4096;

}  // namespace nodescope::host
