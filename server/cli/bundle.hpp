// `nodescope bundle`: everything that the service knows of the node and its containers, in one archive for a ticket.
#pragma once

#include "server/cli/answers.hpp"
#include "server/cli/command.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cli {

/// A JSON text without what may be a secret: environments, labels, annotations and command lines become "(redacted)",
/// wherever they stand, in strings that hold JSON too. What is no JSON stays as it is.
std::string redacted_json(std::string_view text);

/// The text of /metrics without the values of labels that come from a container's labels and environment.
std::string redacted_metrics(std::string_view text);

/// A file of an archive as tar(5) has it ("ustar"), with its padding; the name is at most 100 bytes.
std::string tar_entry(std::string_view name, std::string_view content, std::chrono::sys_seconds when);
/// What ends an archive.
std::string tar_end();

struct bundle {
    static command_words words()
    {
        return {"bundle", "",
                "write everything that is known of the node and its containers into one .tar.gz for a ticket"};
    }
    std::vector<command_argument> arguments();
    [[nodiscard]] int run(const command_context& with) const;

    std::string file;
    bool redact = false;
    asking_options how;
};

}  // namespace nodescope::cli
