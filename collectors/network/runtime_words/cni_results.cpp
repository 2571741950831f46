#include "collectors/network/runtime_words/cni_results.hpp"

#include "collectors/network/runtime_words/runtime_words.hpp"
#include "collectors/questions/container_network.hpp"
#include "core/files/bounded_file.hpp"
#include "core/files/directory.hpp"
#include "core/files/root.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace nodescope {

namespace {

constexpr const char* results_directory = "/var/lib/cni/results";

bool is_network(const std::string& root, const std::vector<std::string>& paths, std::uint64_t inode,
                std::map<std::string, std::optional<netlink::namespace_identity>>& seen)
{
    return std::ranges::any_of(paths, [&](const std::string& path) {
        auto known = seen.find(path);
        if (known == seen.end()) known = seen.emplace(path, network_mounted_on(root, path)).first;
        return known->second && known->second->inode == inode;
    });
}

}  // namespace

findings::model_list<findings::runtime_words> blocking_read_cni_results(const std::string& root, std::uint64_t inode,
                                                                        deadline limit, const abandon_flag& abandoned)
{
    findings::model_list<findings::runtime_words> found;
    auto opened = files::open_directory({root, results_directory});
    if (!opened) return found;  // there is no CNI, or nothing to be seen of it
    files::directory all(std::move(*opened));
    network_words together;
    bool any = false;
    std::size_t count = 0;
    std::map<std::string, std::optional<netlink::namespace_identity>> seen;
    while (const dirent* const entry = all.next()) {
        if (++count > cni_files_limit) {
            found.missing = fmt::format("{} has more than {} files", results_directory, cni_files_limit);
            return found;
        }
        if (limit.passed() || abandoned.raised()) {
            found.missing = fmt::format("{} was not read within {}", results_directory, duration_text(limit.limit()));
            return found;
        }
        const auto text =
            files::read_file({root, fmt::format("{}/{}", results_directory, entry->d_name)}, cni_file_limit_bytes);
        if (!text || text->truncated) continue;
        auto made = parse_cni_result(text->text);
        if (!made || !is_network(root, made->sandboxes, inode, seen)) continue;
        any = true;
        together.runtime = made->words.runtime;
        std::ranges::move(made->words.addresses, std::back_inserter(together.addresses));
        std::ranges::move(made->words.tcp_ports, std::back_inserter(together.tcp_ports));
    }
    if (any) found.items.push_back(words_of(together));
    return found;
}

}  // namespace nodescope
