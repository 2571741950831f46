// A directory that stands for the host's "/", filled by a test and removed with it; and the captured texts.
#pragma once

#include "tests/support/fixtures.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace nodescope::testing {

class temporary_root {
public:
    temporary_root()
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "nodescope-root-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    temporary_root(const temporary_root&) = delete;
    temporary_root& operator=(const temporary_root&) = delete;
    ~temporary_root()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::string& path() const { return path_; }

    void write(const std::string& name, std::string_view text) const
    {
        const std::filesystem::path file = path_ + name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }

    void link(const std::string& name, const std::string& target) const
    {
        const std::filesystem::path file = path_ + name;
        std::filesystem::create_directories(file.parent_path());
        std::filesystem::remove(file);
        std::filesystem::create_symlink(target, file);
    }

private:
    std::string path_;
};

inline std::string fixture(const std::string& name)
{
    std::ifstream file(fixture_path(name), std::ios::binary);
    if (!file) throw std::runtime_error("no fixture " + name);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A text of a process, captured from a real node.
inline std::string captured(const std::string& name) { return fixture("proc/" + name); }

/// A text of a node about itself, captured from a real one.
inline std::string captured_node(const std::string& name) { return fixture("node/" + name); }

}  // namespace nodescope::testing
