// A directory of containers with one runtime behind it, as the tests of both use it.
#pragma once

#include "collectors/cadvisor/container_directory.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/collectors/cadvisor/scripted_runtime.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::testing {

inline const std::string id_a(64, 'a');
inline const std::string id_b(64, 'b');

class one_runtime : public ::testing::Test {
protected:
    static task<int> settled(cadvisor::container_directory& which)
    {
        co_await which.settle(deadline::in(std::chrono::minutes(1)));
        co_return 0;
    }
    void settle() { run_task(reactor, settled(directory)); }
    [[nodiscard]] cadvisor::standing said_of(const std::string& id) const { return directory.look(id).says; }

    boost::asio::io_context reactor{1};
    std::vector<std::string> lines;
    logger log{log_level::info, log_format::text, [this](std::string_view line) { lines.emplace_back(line); }};
    task_group group{reactor.get_executor(), log};
    runtimes all;
    scripted_runtime& docker = all.add(std::make_unique<scripted_runtime>());
    cadvisor::container_directory directory{all, group, log};
};

}  // namespace nodescope::testing
