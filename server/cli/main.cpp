// The entry point: reads the command line, then runs the service.
#include "server/cli/ask.hpp"
#include "server/config/config.hpp"
#include "server/run/application.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <unistd.h>

extern char** environ;  // POSIX has no header for it

namespace {

int check(const nodescope::configuration& config)
{
    const auto checked = nodescope::check_configuration(config);
    if (checked) {
        std::puts("the configuration is sound");
        return 0;
    }
    std::fprintf(stderr, "nodescope: %s\n", checked.error().message().c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv)
{
    using namespace nodescope;
    try {
        const std::vector<std::string> arguments(argv + 1, argv + argc);
        std::vector<std::string> environment;
        for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
        const bool terminal = ::isatty(STDERR_FILENO) == 1;
        const auto parsed = parse_command_line(arguments, environment, terminal);
        if (const auto* const leave = std::get_if<early_exit>(&parsed)) {
            if (leave->code == 0) std::fputs(leave->text.c_str(), stdout);
            else std::fprintf(stderr, "nodescope: %s\nTry 'nodescope --help'.\n", leave->text.c_str());
            return leave->code;
        }
        const auto& config = std::get<configuration>(parsed);
        if (config.asks) return ask(*config.asks);
        if (config.check_only) return check(config);
        const auto reread = [=]() -> result<configuration> {
            auto again = parse_command_line(arguments, environment, terminal);
            if (auto* const leave = std::get_if<early_exit>(&again))
                return error(failure::invalid, std::move(leave->text));
            return std::get<configuration>(std::move(again));
        };
        return run_application(config, reread);
    } catch (const std::exception& broken) {
        std::fprintf(stderr, "nodescope: %s\n", broken.what());
        return 1;
    }
}
