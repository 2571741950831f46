// The entry point: reads the command line, then runs the service.
#include "server/application.hpp"
#include "server/ask.hpp"
#include "server/config.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include <unistd.h>

extern char** environ;  // POSIX has no header for it

int main(int argc, char** argv)
{
    using namespace nodescope;
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        std::vector<std::string> environment;
        for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
        const auto parsed = parse_command_line(arguments, environment, ::isatty(STDERR_FILENO) == 1);
        if (const auto* const leave = std::get_if<early_exit>(&parsed)) {
            std::fputs(leave->text.c_str(), leave->code == 0 ? stdout : stderr);
            return leave->code;
        }
        const auto& config = std::get<configuration>(parsed);
        if (config.asks) return ask(*config.asks);
        return run_application(config);
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "nodescope: %s\n", broken.what());
        return 1;
    }
}
