// What the command line and the environment make of the configuration, and what is said of what they may not be.
#pragma once

#include "server/config/config.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace nodescope::testing {

using words = std::vector<std::string>;

inline configuration parsed(const words& arguments, const words& environment = {})
{
    auto got = parse_command_line(arguments, environment, false);
    if (const auto* const left = std::get_if<early_exit>(&got)) ADD_FAILURE() << left->text;
    return std::holds_alternative<configuration>(got) ? std::get<configuration>(std::move(got)) : configuration();
}

inline early_exit refused(const words& arguments, const words& environment = {})
{
    auto got = parse_command_line(arguments, environment, false);
    return std::holds_alternative<early_exit>(got) ? std::get<early_exit>(std::move(got)) : early_exit{-1, "accepted"};
}

}  // namespace nodescope::testing
