// `nodescope ask`: the other end of the service's own address, for an image without curl.
#pragma once

#include "server/cli/command.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace nodescope::cli {

struct question {
    std::string server;  ///< "http://host:port" or "https://host:port"; empty: the address the configuration listens on
    std::string path;
    std::string body;  ///< POSTed as JSON; empty: GET
    // Paths of PEM files. Without a CA the server's certificate is not verified: it is our own address, and nothing
    // secret is sent.
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
};

/// Asks, and prints the body of a 2xx answer to standard output, or else why there is none to standard error. Returns
/// the exit code, 0 or 1. Blocking, for the main thread of a process that does nothing else: where a lookup of a name
/// hangs, the process ends without it.
int put(question what, const configuration& config, std::chrono::milliseconds limit);

struct ask {
    static command_words words() { return {"ask", "", "ask the running service, and print the answer"}; }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    question what;
};

}  // namespace nodescope::cli
