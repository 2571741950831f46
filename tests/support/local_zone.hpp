// The time zone of this process, for as long as the object lives.
#pragma once

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

namespace nodescope::testing {

class local_zone {
public:
    explicit local_zone(const char* name)
    {
        if (const char* const was = std::getenv("TZ")) before_ = was;
        setenv("TZ", name, 1);
        tzset();
    }
    local_zone(const local_zone&) = delete;
    local_zone& operator=(const local_zone&) = delete;
    ~local_zone()
    {
        if (before_) setenv("TZ", before_->c_str(), 1);
        else unsetenv("TZ");
        tzset();
    }

private:
    std::optional<std::string> before_;
};

}  // namespace nodescope::testing
