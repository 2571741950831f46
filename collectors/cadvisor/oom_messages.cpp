#include "collectors/cadvisor/oom_messages.hpp"

#include "core/text_scan.hpp"

#include <array>

namespace nodescope::cadvisor {

namespace {

/// What stands between the last "key=" and the next comma.
std::string_view value_of(std::string_view list, std::string_view key)
{
    const std::size_t at = list.find(key);
    if (at == std::string_view::npos) return {};
    list.remove_prefix(at + key.size());
    return list.substr(0, list.find(','));
}

std::string cgroup_or_root(std::string_view path) { return path.starts_with('/') ? std::string(path) : "/"; }

/// mm/oom_kill.c, dump_oom_summary: "oom-kill:constraint=…,nodemask=…,cpuset=…,mems_allowed=…[,global_oom]
/// [,oom_memcg=…],task_memcg=…,task=…,pid=…,uid=…". The name may hold commas, so pid is looked for from the end.
bool take_summary(std::string_view text, oom_kill& record)
{
    constexpr std::string_view opening = "oom-kill:constraint=";
    if (!text.starts_with(opening)) return false;
    text.remove_prefix(opening.size() - std::string_view("constraint=").size());
    record.constraint = value_of(text, "constraint=");

    const std::size_t task = text.find(",task=");
    const std::string_view paths = text.substr(0, task);
    // In the text of another kind of kill only somebody's name for a cgroup can say that.
    if (record.constraint == "CONSTRAINT_MEMCG") record.limit_cgroup = cgroup_or_root(value_of(paths, ",oom_memcg="));
    record.victim_cgroup = cgroup_or_root(value_of(paths, ",task_memcg="));
    if (task == std::string_view::npos) return true;
    const std::string_view rest = text.substr(task + std::string_view(",task=").size());
    const std::size_t pid = rest.rfind(",pid=");
    record.process_name = rest.substr(0, pid);
    if (pid == std::string_view::npos) return true;
    record.pid = whole_number<std::int64_t>(value_of(rest.substr(pid), ",pid=")).value_or(0);
    return true;
}

/// "Killed process 17 (name) total-vm:…", "Memory cgroup out of memory: Killed process 17 (name) …".
bool take_killed(std::string_view text, oom_kill& record)
{
    constexpr std::string_view opening = "Killed process ";
    const std::size_t at = text.find(opening);
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + opening.size());
    const std::size_t bracket = text.find(" (");
    if (bracket == std::string_view::npos) return false;
    const auto pid = whole_number<std::int64_t>(text.substr(0, bracket));
    if (!pid) return false;
    text.remove_prefix(bracket + 2);
    // TASK_COMM_LEN: a name has 15 bytes at most, brackets among them.
    const std::size_t end = text.substr(0, 16).rfind(')');
    if (end == std::string_view::npos) return false;
    record.pid = *pid;
    record.process_name = text.substr(0, end);
    return true;
}

/// Kernels before 5.0: "Task in /a/b killed as a result of limit of /a".
bool take_task_in(std::string_view text, oom_kill& record)
{
    constexpr std::string_view opening = "Task in ";
    constexpr std::string_view middle = " killed as a result of limit of ";
    if (!text.starts_with(opening)) return false;
    const std::size_t at = text.rfind(middle);
    if (at == std::string_view::npos || at < opening.size()) return false;
    record.victim_cgroup = cgroup_or_root(text.substr(opening.size(), at - opening.size()));
    record.limit_cgroup = cgroup_or_root(text.substr(at + middle.size()));
    return true;
}

bool stands_twice(std::string_view text, std::string_view words)
{
    const std::size_t first = text.find(words);
    return first != std::string_view::npos && text.find(words, first + words.size()) != std::string_view::npos;
}

/// Whether somebody's name for a cgroup has the words between the names in it.
bool is_unclear(std::string_view text)
{
    if (text.starts_with("oom-kill:")) {
        // What a process is called comes last, and proves nothing.
        const std::string_view paths = text.substr(0, text.rfind(",task="));
        return stands_twice(paths, ",task_memcg=") || stands_twice(paths, ",oom_memcg=");
    }
    return text.starts_with("Task in ") && stands_twice(text, " killed as a result of limit of ");
}

}  // namespace

std::optional<kernel_message> parse_kernel_message(std::string_view record) noexcept
{
    const auto parts = split_at(record, ';');
    if (!parts) return std::nullopt;
    std::array<std::uint64_t, 3> number{};
    std::size_t read = 0;
    for_each_part(parts->first, ',', [&](std::string_view part) {
        const auto value = whole_number<std::uint64_t>(part);
        if (value) number.at(read++) = *value;
        return value && read < number.size();
    });
    constexpr std::uint64_t levels = 8;  // the prefix is facility * 8 + level
    constexpr std::uint64_t latest = std::uint64_t{1} << 53U;
    if (read < number.size() || number[0] >= levels || number[2] > latest) return std::nullopt;
    kernel_message message;
    message.since_boot = std::chrono::microseconds(number[2]);
    message.text = parts->second.substr(0, parts->second.find('\n'));
    return message;
}

std::optional<oom_kill> oom_parser::take(const kernel_message& message)
{
    if (message.text.find("invoked oom-killer:") != std::string_view::npos) {
        about_ = subject::next_kill;
        record_ = oom_kill();
        return std::nullopt;
    }
    if (about_ == subject::next_kill && is_unclear(message.text)) {
        about_ = subject::nobody;
        ++unclear_;
        return std::nullopt;
    }
    if (message.text.starts_with("Tasks in ") &&
        message.text.ends_with(" are going to be killed due to memory.oom.group set")) {
        if (about_ == subject::last_kill) about_ = subject::group;
        return std::nullopt;
    }
    if (about_ == subject::next_kill && (take_task_in(message.text, record_) || take_summary(message.text, record_))) {
        return std::nullopt;
    }
    oom_kill killed = about_ == subject::next_kill || about_ == subject::group ? record_ : oom_kill();
    if (about_ == subject::nobody || !take_killed(message.text, killed)) return std::nullopt;
    if (about_ == subject::next_kill) about_ = subject::last_kill;
    killed.since_boot = message.since_boot;
    return killed;
}

}  // namespace nodescope::cadvisor
