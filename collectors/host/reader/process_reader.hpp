// What is read of other processes and can hang on them: the kernel takes locks of their memory for it, which they can
// hold as long as they like (fs/proc/base.c get_mm_cmdline; madvise(2) MADV_POPULATE_READ beside mmap(2)).
#pragma once

#include "core/deadline.hpp"
#include "core/error.hpp"
#include "core/files/bounded_file.hpp"

#include <sys/types.h>

#include <cstdint>

namespace nodescope::host {

class process_reader {
public:
    process_reader() = default;
    process_reader(const process_reader&) = delete;
    process_reader& operator=(const process_reader&) = delete;
    virtual ~process_reader() = default;

    /// At most reader_text_bytes of the command line of the process that has this number and began at `start_ticks`.
    /// - failure::gone: there is no such process (any more);
    /// - failure::timed_out: reading it hangs, and nobody knows for how long;
    /// - failure::unavailable: nothing can be read of any process now.
    /// Blocking, for pool threads; several may ask at a time.
    virtual result<files::file_text> blocking_command_line(pid_t pid, std::uint64_t start_ticks, deadline limit) = 0;
};

}  // namespace nodescope::host
