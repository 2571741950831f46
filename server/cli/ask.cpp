#include "server/cli/ask.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <utility>

#include <unistd.h>

namespace nodescope::cli {

int put(question what, const configuration& config, std::chrono::milliseconds limit)
{
    std::signal(SIGPIPE, SIG_IGN);  // the reader of our output may have seen enough
    if (what.server.empty()) {
        auto server = own_server(config);
        if (!server) return fail(server.error().message());
        what.server = std::move(*server);
    }
    const auto answer = blocking_ask(what, limit);
    const std::string asked = what.server + what.path;
    if (!answer) return fail(fmt::format("{}: {}", asked, answer.error().message()));
    if (answer->status / 100 != 2) return fail(fmt::format("{}: status {}: {}", asked, answer->status, answer->body));
    const std::string shown = as_shown(answer->body, ::isatty(STDOUT_FILENO) == 1);
    const bool written = std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size();
    return written && std::fflush(stdout) == 0 ? 0 : 1;
}

std::vector<command_argument> ask::arguments()
{
    return {
        {"path", &what.path, "what to ask: /processor/netInfoCollector", true, {}},
        {"body", &what.body, "parameters to POST, a JSON object: '{\"id\": \"web\"}'; without: GET", false, {}},
        {"--server", &what.server, "http://host:port or https://host:port [the address of --listen]", false, {}},
        {"--ca-file", &what.ca_file, "PEM bundle that must have signed the server's certificate", false, {}},
        // It says who we are, so it is shown only to a service that is verified.
        {"--cert-file",
         &what.certificate_file,
         "PEM certificate to show, and its chain",
         false,
         {"--key-file", "--ca-file"}},
        {"--key-file", &what.key_file, "PEM key of --cert-file", false, {"--cert-file"}},
    };
}

int ask::run(const command_context& with) const
{
    return put(what, with.config, with.config.http.request_timeout + time_to_travel);
}

}  // namespace nodescope::cli
