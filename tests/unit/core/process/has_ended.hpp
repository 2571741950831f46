// Whether a process of a test is over.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <string>

#include <sys/types.h>

namespace nodescope::testing {

/// True for a zombie too, which somebody else has to reap.
inline bool has_ended(pid_t pid)
{
    std::ifstream stat(fmt::format("/proc/{}/stat", pid));
    const std::string text((std::istreambuf_iterator<char>(stat)), {});
    return text.empty() || text.find(") Z") != std::string::npos || text.find(") X") != std::string::npos;
}

}  // namespace nodescope::testing
