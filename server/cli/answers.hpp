// Who answers a command that a person has given: the collectors, built in this process, or a running service.
#pragma once

#include "core/error.hpp"
#include "server/cli/asked_service.hpp"
#include "server/cli/command.hpp"
#include "server/config/config.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cli {

/// The options that all these commands have.
struct asking_options {
    bool json = false;  ///< the answer as it is, instead of tables
    question service;   ///< its server, and how to show who we are; empty: chosen by find_answers()

    std::vector<command_argument> arguments();
};

/// For the main thread of a process that does nothing else.
class answers {
public:
    answers() = default;
    answers(const answers&) = delete;
    answers& operator=(const answers&) = delete;
    virtual ~answers() = default;

    /// GET of a path with its query, or POST of a body. Any status; a failure, failure::failed, where there is no
    /// answer at all.
    virtual result<service_answer> blocking_ask(const std::string& path, const std::string& body) = 0;
    /// An answer that comes in pieces, until its end or until `take` gives false.
    virtual result<void> blocking_follow(const std::string& path,
                                         const std::function<bool(std::string_view)>& take) = 0;
    /// Ends the command: the way out where a thread hangs in the kernel.
    [[nodiscard]] virtual int leave(int code) { return code; }
};

/// The service that --server names; without it this process itself, or, where it is not root's, the service that
/// listens on a Unix socket, if one does.
result<std::unique_ptr<answers>> find_answers(const asking_options& how, const configuration& config);

/// The body of a 2xx answer. Of any other the sentence that it has, with a kind after its status.
result<std::string> blocking_body(answers& from, const std::string& path, const std::string& body = {});

/// Says why there is no answer about a container, and, where its name was what a runtime that does not answer was asked
/// for, that its id needs none. Gives 1.
int fail_about(const std::string& reference, const error& why);

/// For a value in a query.
std::string query_value(std::string_view text);

}  // namespace nodescope::cli
