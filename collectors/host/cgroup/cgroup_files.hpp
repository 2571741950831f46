// The files of one cgroup: which there are, and their texts. Which figures they hold is cgroup_reader's. Blocking: for
// pool threads.
#pragma once

#include "collectors/host/cgroup/cgroup_layout.hpp"
#include "collectors/host/cgroup/limit_watch.hpp"
#include "core/error.hpp"
#include "core/unique_fd.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::host {

/// The hierarchies of a node, opened once and shared by its readers.
class cgroup_tree {
public:
    /// failure::unavailable when no cgroups are mounted or none can be opened. Blocking.
    static result<std::shared_ptr<cgroup_tree>> blocking_open(cgroup_layout layout,
                                                              std::size_t kept_files = kept_file_limit);

    [[nodiscard]] const cgroup_layout& layout() const noexcept { return layout_; }
    /// -1: that one cannot be opened.
    [[nodiscard]] int descriptor(std::size_t hierarchy) const noexcept { return hierarchies_[hierarchy].get(); }
    /// A path of the cgroup there, good for as long as the tree is: for calls that take no descriptor.
    [[nodiscard]] std::string address(std::size_t hierarchy, std::string_view path) const;
    /// -1: no pressures here.
    [[nodiscard]] int pressure_descriptor() const noexcept { return pressure_.get(); }

    /// When the cgroup was made: the oldest change time of its directories and of the files in them that the kernel
    /// never touches again, but not before `boot_time`. The kernel makes these times up when a directory is first
    /// looked at, so of an old cgroup they tell when somebody first looked. Empty when it is gone. Blocking.
    [[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> blocking_creation_time(
        std::string_view path, std::chrono::sys_time<std::chrono::nanoseconds> boot_time) const;

    /// The most files that all readers of a tree together keep open. Reading a container's 14 files takes 10 us when
    /// they are open and 31 us by openat from the hierarchy's descriptor (bench/cgroup_reader, v1, 100 containers: 0.1
    /// and 0.3 % of a core at 1 Hz; 500: 1.0 and 2.0 %), so opening would do. But keeping costs descriptors, of which
    /// the service may have 4096 (LimitNOFILE), and 4 KiB of kernel memory each: the first 70 containers' stay open.
    static constexpr std::size_t kept_file_limit = 1024;
    [[nodiscard]] bool may_keep_file() noexcept;
    void let_go(std::size_t files) noexcept { kept_files_.fetch_sub(files, std::memory_order_relaxed); }

    [[nodiscard]] limit_watch& limits() noexcept { return limits_; }
    /// Finds out what is the same for all cgroups that are read from now on: which limits were written, and whether BFQ
    /// counts. Until it is called again, nothing is taken for written. Blocking.
    void blocking_begin_pass();
    /// v1: false where no disk is in the charge of the I/O scheduler BFQ, which then counts nothing in any cgroup.
    [[nodiscard]] bool bfq_counts() const noexcept { return bfq_counts_; }

private:
    cgroup_tree(cgroup_layout layout, std::vector<unique_fd> hierarchies, unique_fd pressure, std::size_t kept_files)
        : layout_(std::move(layout)),
          hierarchies_(std::move(hierarchies)),
          pressure_(std::move(pressure)),
          may_keep_(kept_files)
    {
    }
    cgroup_layout layout_;
    std::vector<unique_fd> hierarchies_;
    unique_fd pressure_;
    const std::size_t may_keep_;
    std::atomic<std::size_t> kept_files_{0};
    limit_watch limits_;
    std::atomic<bool> bfq_counts_ = true;
};

/// Room for a text on the stack; longer ones go to the heap.
struct cgroup_text_buffer {
    cgroup_text_buffer() = default;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read()
    std::array<char, 8192> small;
    std::string large;
};

class cgroup_files {
public:
    /// failure::gone when no hierarchy has the cgroup, failure::invalid when it is no path below the mount.
    static result<cgroup_files> blocking_open(std::shared_ptr<cgroup_tree> tree, std::string_view path);
    cgroup_files(cgroup_files&&) = default;
    cgroup_files& operator=(cgroup_files&&) = delete;
    ~cgroup_files();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const cgroup_layout& layout() const noexcept { return tree_->layout(); }
    [[nodiscard]] bool bfq_counts() const noexcept { return tree_->bfq_counts(); }
    /// Watches for writes to the files of its limits. Null where they cannot be watched.
    [[nodiscard]] std::unique_ptr<watched_limits> blocking_watch_limits() const;
    /// Whether the hierarchy of that controller has the cgroup.
    [[nodiscard]] bool has_directory(cgroup_controller controller) const noexcept;
    /// Whether the file was there when it was first asked for. `name`, here and below, is a constant: views of it stay.
    [[nodiscard]] bool has_file(cgroup_controller controller, std::string_view name);

    /// The text, valid until `buffer` is used again. None when it is not there or cannot be read. The file stays open
    /// if the tree allows it; one that was not there at first is not looked for again.
    std::optional<std::string_view> read(cgroup_controller controller, std::string_view name,
                                         cgroup_text_buffer& buffer);
    /// The same for a file that is rarely wanted: opened each time.
    std::optional<std::string_view> read_once(cgroup_controller controller, std::string_view name,
                                              cgroup_text_buffer& buffer) const;
    /// The same for a list, which comes in pieces.
    std::optional<std::string_view> read_list(cgroup_controller controller, std::string_view name,
                                              cgroup_text_buffer& buffer) const;

    /// False once the cgroup is removed, one of the same name made since included.
    [[nodiscard]] bool still_there() const noexcept;

    /// The longest text that is read; a pids list or an I/O file of a large node.
    static constexpr std::size_t text_limit = 1024UL * 1024UL;

private:
    struct file {
        std::string_view name;  // no two controllers have files of one name
        bool there = false;
        unique_fd kept;
    };
    cgroup_files(std::shared_ptr<cgroup_tree> tree, std::string_view path);
    [[nodiscard]] unique_fd open(cgroup_controller controller, std::string_view name) const;
    file& known(cgroup_controller controller, std::string_view name);

    std::shared_ptr<cgroup_tree> tree_;
    std::string path_;
    std::string relative_;  // as openat wants it: "docker/0123", "." for the root
    std::vector<file> files_;
    std::vector<bool> directories_;  // by hierarchy
    std::size_t first_hierarchy_ = 0;
    unsigned long identity_ = 0;  // the inode of the directory there
    std::size_t kept_ = 0;
};

}  // namespace nodescope::host
