// What the daemon's answers mean. Pure functions over bytes that may be anything.
#pragma once

#include "collectors/runtime/docker/docker_client.hpp"
#include "core/json/reader.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace nodescope::docker {

/// The body as it may be passed on: one JSON value of the kind wanted, without white space around it, and valid UTF-8
/// (each invalid byte becomes U+FFFD; everything else stays byte for byte). A null is an empty array where one is
/// wanted: Go writes one so that has never had an element. failure::malformed.
result<shared_body> checked_body(engine_body body, json_kind wanted);

/// What an error answer says: the "message" of a JSON object, else the text itself; escaped, at most 1 KiB.
/// Never empty.
std::string engine_message(std::string_view body);

/// A 400 by which the engine refuses the API version of the path.
bool refuses_version(unsigned status, std::string_view message) noexcept;

/// Reads the answer of an inspect. Unknown members, nulls and missing ones are fine, but without a full Id it is
/// failure::malformed. Labels of pods are left out unless the container's name proves them.
result<container> parse_container(std::string_view body);

/// Of the body of GET /version. What it does not say, or not as a text of sensible length, stays empty.
runtime_facts parse_facts(std::string_view body);

/// DockerRootDir of the body of GET /info; empty when it names no absolute path.
std::string parse_storage_root(std::string_view info);

/// The daemon matches names and prefixes of ids; only a whole name or 12 or more digits of the id prove that the
/// answer is about the container that was wanted. failure::conflict.
result<void> check_identity(engine_kind of, const container_reference& wanted, const container& answered);

/// An element of the container list. To which pod it belongs is said by its labels and proved by its name
/// (kubelet_name.hpp): without the proof it belongs to no pod.
struct pod_container {
    pod_container() = default;
    std::string id;
    std::string state;
    std::string pod_namespace;
    std::string pod_name;
    std::string container;  ///< "POD" for the sandbox
    bool is_sandbox = false;
};

result<std::vector<pod_container>> parse_pod_containers(std::string_view list);

/// What the containers of a list are called. Names of links ("/other/alias") are skipped, and so is who has no name.
result<names_by_id> parse_names(std::string_view list);

/// Of the containers of one pod the one that is meant: by name, or without a name the only one, or the sandbox, whose
/// network all of them share. failure::gone, failure::conflict.
result<std::string> choose_pod_container(engine_kind of, const std::vector<pod_container>& list,
                                         const std::string& pod_namespace, const std::string& pod_name,
                                         const std::string& container);

}  // namespace nodescope::docker
