// What this process takes of the node's memory, as the kernel counts it: what no budget knows of (texts that a worker
// is writing, room between them that the allocator keeps) is in it too.
#pragma once

#include <cstddef>
#include <string>

namespace nodescope {

/// Pages in memory, those of files included (proc(5), /proc/PID/statm); 0 where that is not known, and in builds whose
/// instruments take memory of their own. It takes a microsecond and waits for nobody.
[[nodiscard]] std::size_t resident_bytes();

/// What the process may take at most while it reads what others can make long: above it a list is cut and a text is
/// refused. It is less than what an answer may bring it to (server/api/large_answers.hpp), so reading leaves room for
/// the answers to what was read.
inline constexpr std::size_t reading_limit_bytes = 88U << 20U;

/// Of one thing that is read piece by piece: looks at what the process takes each time so much has come. What is
/// shorter is never looked at, because a sick node's ordinary answers come out of whatever is left.
class reading_check {
public:
    static constexpr std::size_t interval_bytes = 256U << 10U;

    /// After `more` bytes were read. False: the process takes more than reading_limit_bytes, so no more is to be read.
    [[nodiscard]] bool may_go_on(std::size_t more);

private:
    std::size_t since_last_look_ = 0;
};

/// Has the allocator give back the pages that it keeps for later, where the process takes much: what was read is freed
/// in small pieces, and one that stays holds all below it. Looks once a second at most. Not on the reactor's thread: it
/// may take some milliseconds.
void give_back_memory();

/// "the service takes 91 MiB already": why something was not read.
[[nodiscard]] std::string taken_already();

/// Has the kernel give the whole pages within a range that is about to be written to, all at once: a page fault for
/// each takes several times as long; short ranges are left alone. What a large text was given goes back to the kernel
/// with it, so the next begins with none. Without effect before Linux 5.14.
void take_pages(void* begin, std::size_t bytes) noexcept;

}  // namespace nodescope
