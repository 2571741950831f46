#include "collectors/runtime/podman/stored_containers.hpp"

#include "collectors/runtime/kept_texts.hpp"
#include "core/json/members.hpp"
#include "core/json/reader.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace nodescope::podman {

namespace {

constexpr std::size_t full_id_length = 64;
constexpr std::size_t short_id_length = 12;
/// Of a name, an image's name, a time.
constexpr std::size_t word_limit = 1024;

std::string word(std::string_view object, std::string_view key)
{
    std::string text = json_text_member(object, key);
    return text.size() <= word_limit ? text : std::string();
}

std::string first_text(std::string_view array)
{
    std::string first;
    if (array.empty()) return first;
    const auto walked = for_each_json_element(array, [&](std::string_view value) {
        if (!first.empty() || json_kind_of(value) != json_kind::string) return;
        const auto text = decode_json_string(value);
        if (text && text->size() <= word_limit) first = *text;
    });
    return walked ? first : std::string();
}

std::optional<stored_container> parse_one(std::string_view object, std::string_view driver)
{
    stored_container one;
    one.id = word(object, "id");
    one.name = first_text(json_member_of_kind(object, "names", json_kind::array));
    // What libpod and CRI-O note down of a container is JSON in a string (libpod/storage.go,
    // internal/storage/runtime.go).
    const std::string noted = json_text_member(object, "metadata");
    const bool of_a_pod = !json_member_of_kind(noted, "pod-id", json_kind::string).empty();
    if (of_a_pod || !is_full_id(one.id) || !container_reference::parse(one.name)) return std::nullopt;
    one.image = word(noted, "image-name");
    one.image_id = word(object, "image");
    one.layer = word(object, "layer");
    if (!is_full_id(one.layer)) one.layer.clear();
    one.created = word(object, "created");
    one.driver = driver;
    return one;
}

}  // namespace

result<void> add_stored_containers(std::string_view json, std::string_view driver, std::vector<stored_container>& to)
{
    const auto whole = json_document(json);
    if (!whole) return whole.error();
    if (json_kind_of(*whole) == json_kind::null) return {};
    if (json_kind_of(*whole) != json_kind::array) return error(failure::malformed, "not a JSON array");
    return for_each_json_element(*whole, [&](std::string_view value) {
        if (to.size() >= stored_container_limit || json_kind_of(value) != json_kind::object) return;
        if (auto one = parse_one(value, driver)) to.push_back(std::move(*one));
    });
}

result<stored_container> find_stored(const std::vector<stored_container>& all, const container_reference& asked)
{
    const std::string& text = asked.text();
    const stored_container* found = nullptr;
    for (const stored_container& one : all) {
        if (one.name == text) return one;
        if (text.size() < short_id_length || !one.id.starts_with(text)) continue;
        if (found != nullptr && found->id != one.id) {
            return error(failure::conflict,
                         fmt::format("podman: {} is the beginning of more than one container's id: {} and {}",
                                     escape_untrusted(text, full_id_length), found->id, one.id));
        }
        found = &one;
    }
    if (found != nullptr) return *found;
    return error(failure::gone,
                 fmt::format("podman: there is no container \"{}\" in its storage", escape_untrusted(text, 128)));
}

stored_specification parse_specification(std::string_view json)
{
    stored_specification found;
    const auto whole = json_document(json);
    if (!whole || json_kind_of(*whole) != json_kind::object) return found;
    const std::string_view process = json_member_of_kind(*whole, "process", json_kind::object);
    found.command = kept_command(json_member_of_kind(process, "args", json_kind::array));
    found.environment = kept_environment(json_member_of_kind(process, "env", json_kind::array));
    const std::string_view linux = json_member_of_kind(*whole, "linux", json_kind::object);
    if (!read_json_members(*whole, {{"linux/resources/cpu/shares", &found.cpu_shares}})) found.cpu_shares = 0;
    const std::string_view spaces = json_member_of_kind(linux, "namespaces", json_kind::array);
    if (spaces.empty()) return found;
    found.host_network = true;
    const auto walked = for_each_json_element(spaces, [&](std::string_view one) {
        if (word(one, "type") != "network") return;
        found.host_network = false;
        std::string path = word(one, "path");
        // The namespace of a process is that of another container.
        if (path.starts_with("/proc/")) found.shares_network = true;
        else found.network_file = std::move(path);
    });
    if (!walked) found.host_network = false;
    return found;
}

}  // namespace nodescope::podman
