// All commands but `ask`, and the list of them in the order of --help. Where a command line names several (`routes
// --check-config`), the last one of the list is meant; where it names none, the first one.
#pragma once

#include "server/cli/ask.hpp"
#include "server/cli/bundle.hpp"
#include "server/cli/collect.hpp"
#include "server/cli/command.hpp"
#include "server/cli/complete.hpp"
#include "server/cli/doctor.hpp"
#include "server/cli/events.hpp"
#include "server/cli/net.hpp"
#include "server/cli/path.hpp"
#include "server/cli/ps.hpp"
#include "server/cli/top.hpp"
#include "server/run/application.hpp"

#include <chrono>
#include <string>
#include <variant>

namespace nodescope::cli {

struct serve {
    static command_words words() { return {"serve", "", "run the service (also without a subcommand)"}; }
    [[nodiscard]] int run(const command_context& with) const { return run_application(with.config, with.reread); }
};

struct version {
    static command_words words() { return {"version", "--version", "print the version", false}; }
    static std::string text() { return "nodescope " NODESCOPE_VERSION "\n"; }
    [[nodiscard]] int run(const command_context&) const { return print(text()); }
};

struct routes {
    static command_words words()
    {
        return {"routes", "", "print what serve would answer, and who may ask; needs no rights"};
    }
    [[nodiscard]] int run(const command_context& with) const
    {
        const auto text = routes_text(with.config);
        return text ? print(*text) : fail(text.error().message());
    }
};

/// systemd/config.toml is made of its output.
struct print_defaults {
    static command_words words()
    {
        return {"", "--print-defaults", "print a configuration file with every key and its default", false};
    }
    [[nodiscard]] int run(const command_context&) const { return print(defaults_text()); }
};

struct check_config {
    static command_words words()
    {
        return {"", "--check-config", "read and check the configuration, then end: 0 if it is sound, else 1"};
    }
    [[nodiscard]] int run(const command_context& with) const
    {
        const auto checked = check_configuration(with.config);
        return checked ? print("the configuration is sound\n") : fail(checked.error().message());
    }
};

/// For an image without curl.
struct healthcheck {
    static command_words words()
    {
        return {"", "--healthcheck", "ask the running service whether it is alive, and exit with 0 or 1"};
    }
    [[nodiscard]] int run(const command_context& with) const
    {
        constexpr std::chrono::seconds limit{5};
        question what;
        what.path = "/healthz";
        return put(what, with.config, limit);
    }
};

using command = std::variant<serve, version, complete, routes, print_defaults, check_config, healthcheck, ps, net, path,
                             doctor, top, collect, events, bundle, ask>;

}  // namespace nodescope::cli
