// Variables of the process's environment.
#pragma once

#include <cstdlib>
#include <string>

namespace nodescope {

/// Empty also where it is not set.
inline std::string environment_variable(const char* name)
{
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

}  // namespace nodescope
