// The entry point: reads the command line, then runs the command.
#include "collectors/host/reader/reader_program.hpp"
#include "server/cli/invocation.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <unistd.h>

extern char** environ;  // POSIX has no header for it

int main(int argc, char** argv)
{
    using namespace nodescope;
    // The service starts itself as its reader (collectors/host/reader).
    if (argc == 3 && argv[1] == host::reader_word) return host::run_reader(STDIN_FILENO, argv[2]);
    int failure_code = 1;
    try {
        const std::vector<std::string> words(argv + 1, argv + argc);
        std::vector<std::string> environment;
        for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
        const bool terminal = ::isatty(STDERR_FILENO) == 1;
        const auto parsed = cli::parse_command_line(words, environment, terminal);
        if (const auto* const leave = std::get_if<cli::early_exit>(&parsed)) {
            if (leave->code == 0) std::fputs(leave->text.c_str(), stdout);
            else std::fprintf(stderr, "nodescope: %s\nTry 'nodescope --help'.\n", leave->text.c_str());
            return leave->code;
        }
        const auto reread = [=]() -> result<configuration> {
            auto again = cli::parse_command_line(words, environment, terminal);
            if (auto* const leave = std::get_if<cli::early_exit>(&again))
                return error(failure::invalid, std::move(leave->text));
            return std::get<cli::invocation>(std::move(again)).config;
        };
        const auto& asked = std::get<cli::invocation>(parsed);
        failure_code = std::visit([](const auto& command) { return command.words().failure_code; }, asked.what);
        const cli::command_context context{asked.config, reread};
        return std::visit([&context](const auto& command) { return command.run(context); }, asked.what);
    } catch (const std::exception& broken) {
        cli::fail(broken.what());
        return failure_code;
    }
}
