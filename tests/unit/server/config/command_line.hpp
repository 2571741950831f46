// What the command line and the environment make of the configuration, and what is said of what they may not be.
#pragma once

#include "server/cli/invocation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace nodescope::testing {

using words = std::vector<std::string>;

inline configuration parsed(const words& arguments, const words& environment = {})
{
    auto got = cli::parse_command_line(arguments, environment, false);
    if (const auto* const left = std::get_if<cli::early_exit>(&got)) ADD_FAILURE() << left->text;
    auto* const made = std::get_if<cli::invocation>(&got);
    return made != nullptr ? std::move(made->config) : configuration();
}

inline cli::early_exit refused(const words& arguments, const words& environment = {})
{
    auto got = cli::parse_command_line(arguments, environment, false);
    auto* const left = std::get_if<cli::early_exit>(&got);
    return left != nullptr ? std::move(*left) : cli::early_exit{-1, "accepted"};
}

}  // namespace nodescope::testing
