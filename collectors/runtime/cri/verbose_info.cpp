#include "collectors/runtime/cri/verbose_info.hpp"

#include "collectors/runtime/kept_texts.hpp"
#include "core/json/members.hpp"
#include "core/json/reader.hpp"

#include <limits>
#include <utility>

#include <sys/types.h>

namespace nodescope::cri {

namespace {

/// As much of a command as anybody reads. Docker shows all of it, which may be a script.
constexpr std::size_t command_limit = 4096;
constexpr std::size_t info_word_limit = 4096;

/// The texts of an array, as many as fit; the first that does not fit is the end where the order matters.
std::vector<std::string> texts_in(std::string_view array, std::size_t limit, bool in_order)
{
    std::vector<std::string> texts;
    if (array.empty() || json_kind_of(array) != json_kind::array) return texts;
    std::size_t left = limit;
    bool ended = false;
    const auto walked = for_each_json_element(array, [&](std::string_view value) {
        if (ended || json_kind_of(value) != json_kind::string) return;
        const std::size_t size = around_kept_text + value.size();
        if (size > left) {
            ended = in_order;
            return;
        }
        auto text = decode_json_string(value);
        if (!text) return;
        left -= size;
        texts.push_back(std::move(*text));
    });
    if (!walked) texts.clear();
    return texts;
}

std::int64_t integer_at(std::string_view json, std::string_view path)
{
    std::int64_t number = 0;
    const auto read = read_json_members(json, {{path, &number}});
    return read ? number : 0;
}

std::string_view slice_at(std::string_view json, std::string_view path)
{
    std::string_view slice;
    const auto read = read_json_members(json, {{path, &slice}});
    return read ? slice : std::string_view();
}

std::string word_at(std::string_view json, std::string_view key)
{
    std::string text = json_text_member(json, key);
    return text.size() <= info_word_limit ? text : std::string();
}

}  // namespace

verbose_facts read_verbose_info(std::string_view json)
{
    verbose_facts facts;
    const auto whole = json_document(json);
    if (!whole || json_kind_of(*whole) != json_kind::object) return facts;
    facts.pid = integer_at(*whole, "pid");
    if (facts.pid < 0 || facts.pid > std::numeric_limits<pid_t>::max()) facts.pid = 0;
    facts.sandbox_id = word_at(*whole, "sandboxID");
    facts.snapshotter = word_at(*whole, "snapshotter");
    facts.image = word_at(*whole, "image");
    facts.low_level_runtime = word_at(*whole, "runtimeType");
    const std::string_view spec = json_member_of_kind(*whole, "runtimeSpec", json_kind::object);
    if (spec.empty()) return facts;
    facts.cpu_shares = integer_at(spec, "linux/resources/cpu/shares");
    facts.command = texts_in(slice_at(spec, "process/args"), command_limit, true);
    facts.environment = texts_in(slice_at(spec, "process/env"), kept_texts_limit, false);
    return facts;
}

}  // namespace nodescope::cri
