// A node with cgroup v2 as a tree of plain files: what the kernel would show, and what a test makes of it.
#pragma once

#include "tests/support/temporary_root.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace nodescope::testing {

class cgroup_node {
public:
    cgroup_node()
    {
        root_.write("/proc/1/mountinfo", "26 23 0:23 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n");
        root_.write("/proc/meminfo", "MemTotal: 4096 kB\n");
        root_.write("/proc/stat", "btime 1000000000\n");
        fill("");
    }

    [[nodiscard]] const std::string& root() const { return root_.path(); }
    [[nodiscard]] std::string directory(const std::string& path) const { return root() + "/sys/fs/cgroup" + path; }

    void add(const std::string& path) const { fill(path); }
    void set(const std::string& path, const std::string& file, std::string_view text) const
    {
        root_.write("/sys/fs/cgroup" + path + "/" + file, text);
    }
    /// A file of the node.
    void write(const std::string& name, std::string_view text) const { root_.write(name, text); }
    void add_process(int number, const std::string& cgroup) const
    {
        write(fmt::format("/proc/{}/stat", number),
              fmt::format("{} (a) S 1 1 1 0 -1 4194560 1 0 0 0 1 0 0 0 20 0 1 0 200 1 1 1\n", number));
        write(fmt::format("/proc/{}/cgroup", number), fmt::format("0::{}\n", cgroup));
    }
    void remove(const std::string& path) const { std::filesystem::remove_all(directory(path)); }

private:
    void fill(const std::string& path) const
    {
        set(path, "cpu.stat", "usage_usec 7000\nuser_usec 4000\nsystem_usec 3000\n");
        set(path, "memory.current", "1048576\n");
        set(path, "memory.stat", "anon 524288\nfile 262144\ninactive_file 48576\n");
        set(path, "memory.max", "max\n");
        set(path, "pids.current", "3\n");
    }

    temporary_root root_;
};

}  // namespace nodescope::testing
