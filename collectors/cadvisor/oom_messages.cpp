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
    record.limit_cgroup = cgroup_or_root(value_of(paths, ",oom_memcg="));
    record.victim_cgroup = cgroup_or_root(value_of(paths, ",task_memcg="));
    if (task == std::string_view::npos) return true;
    const std::string_view rest = text.substr(task + std::string_view(",task=").size());
    const std::size_t pid = rest.rfind(",pid=");
    record.process_name = rest.substr(0, pid);
    if (pid == std::string_view::npos) return true;
    record.pid = host::whole_number<std::int64_t>(value_of(rest.substr(pid), ",pid=")).value_or(0);
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
    const auto pid = host::whole_number<std::int64_t>(text.substr(0, bracket));
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

}  // namespace

std::optional<kernel_message> parse_kernel_message(std::string_view record) noexcept
{
    const std::size_t semicolon = record.find(';');
    if (semicolon == std::string_view::npos) return std::nullopt;
    std::string_view head = record.substr(0, semicolon);
    std::array<std::uint64_t, 3> number{};
    for (std::uint64_t& one : number) {
        const std::size_t comma = head.find(',');
        const auto value = host::whole_number<std::uint64_t>(head.substr(0, comma));
        if (!value) return std::nullopt;
        one = *value;
        head.remove_prefix(comma == std::string_view::npos ? head.size() : comma + 1);
    }
    constexpr std::uint64_t levels = 8;  // the prefix is facility * 8 + level
    constexpr std::uint64_t latest = std::uint64_t{1} << 53U;
    if (number[0] >= levels || number[2] > latest) return std::nullopt;
    kernel_message message;
    message.since_boot = std::chrono::microseconds(number[2]);
    message.text = record.substr(semicolon + 1);
    message.text = message.text.substr(0, message.text.find('\n'));
    return message;
}

std::optional<oom_kill> oom_parser::take(const kernel_message& message)
{
    if (message.text.find("invoked oom-killer:") != std::string_view::npos) {
        open_ = true;
        record_ = oom_kill();
        return std::nullopt;
    }
    if (!open_ || take_task_in(message.text, record_)) return std::nullopt;
    if (!take_summary(message.text, record_) && !take_killed(message.text, record_)) return std::nullopt;
    open_ = false;
    record_.since_boot = message.since_boot;
    return record_;
}

}  // namespace nodescope::cadvisor
