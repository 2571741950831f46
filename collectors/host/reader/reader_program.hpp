// The reader process. It reads what can hang in the kernel, and can be killed when it does.
#pragma once

#include <string>
#include <string_view>

namespace nodescope::host {

/// The program's first argument, by which it knows that it is one; the root is the second. Not for people to type.
inline constexpr std::string_view reader_word = "read-processes";

/// Answers the messages that come over `socket`, which is its standard input, of processes below `root`, until the
/// other end is closed. Gives up what rights it can do without; where that takes an exec, the same program begins
/// again. Its exit code.
int run_reader(int socket, const std::string& root);

}  // namespace nodescope::host
