// CRI's messages as plain structs, and their bytes. Nothing of protobuf leaves the .cpp file. Pure functions over bytes
// that may be anything; what a message may cost is bounded.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cri {

/// Of a container; a sandbox is `running` or `exited`.
enum class container_state { created, running, exited, unknown };

/// "created", "running", "exited", "unknown", as in answers.
std::string_view to_string(container_state state) noexcept;

/// 64 KiB of it, the kubelet's own first; what does not fit is counted.
struct kept_texts {
    kept_texts() = default;
    std::map<std::string, std::string> map;
    std::uint64_t left_out = 0;
    /// Empty where there is none.
    [[nodiscard]] const std::string& of(const std::string& key) const;
};

struct version_answer {
    version_answer() = default;
    std::string runtime_name;  ///< "containerd", "cri-o", "docker"
    std::string runtime_version;
    std::string api_version;  ///< "v1"
};

struct runtime_condition {
    runtime_condition() = default;
    std::string type;  ///< "RuntimeReady"
    bool status = false;
    std::string reason;
    std::string message;
};

/// Whose a container is. All of it is said by the kubelet, not by images.
struct pod_identity {
    pod_identity() = default;
    std::string name;
    std::string uid;
    std::string name_space;
    std::uint32_t attempt = 0;
};

/// What the lists say; times in nanoseconds since 1970, 0 where there was none.
struct listed_container {
    listed_container() = default;
    std::string id;
    std::string sandbox_id;
    std::string name;
    std::uint32_t attempt = 0;
    std::string image;     ///< as the pod's author wrote it, where that is said
    std::string image_id;  ///< or the reference by which the runtime knows it
    container_state state = container_state::unknown;
    std::int64_t created_at = 0;
    kept_texts labels;
    kept_texts annotations;
};

struct listed_sandbox {
    listed_sandbox() = default;
    std::string id;
    pod_identity pod;
    container_state state = container_state::unknown;
    std::int64_t created_at = 0;
    kept_texts labels;
    kept_texts annotations;
};

struct container_mount {
    container_mount() = default;
    std::string source;
    std::string destination;
    bool read_only = false;
    std::string propagation;  ///< "rprivate", as Docker writes it
};

/// What is known of one alone.
struct container_status : listed_container {
    container_status() = default;
    std::int64_t started_at = 0;
    std::int64_t finished_at = 0;
    std::int32_t exit_code = 0;
    std::string reason;      ///< why it ended, in CamelCase: "OOMKilled", "Error", "Completed"
    std::string log_path;    ///< of its output, on the node
    std::string image_name;  ///< what the runtime calls the image: by its tag, else by its digest
    std::vector<container_mount> mounts;
    std::string info;  ///< JSON of the runtime's own, or whatever it is
};

struct sandbox_status : listed_sandbox {
    sandbox_status() = default;
    bool host_network = false;
    std::vector<std::string> addresses;  ///< of the pod, as the runtime spells them
    std::string info;
};

struct runtime_status {
    runtime_status() = default;
    std::vector<runtime_condition> conditions;
    std::map<std::string, std::string> info;
};

// Requests.
std::string version_request();
std::string list_request();
/// Of a container and of a sandbox alike: with what the runtime says in JSON.
std::string status_of_request(std::string_view id);
std::string runtime_status_request();

// Answers. failure::malformed; failure::too_large for one that has more elements than are taken.
result<version_answer> read_version(std::string_view message);
result<std::vector<listed_container>> read_containers(std::string_view message);
result<std::vector<listed_sandbox>> read_sandboxes(std::string_view message);
result<container_status> read_container_status(std::string_view message);
result<sandbox_status> read_sandbox_status(std::string_view message);
result<runtime_status> read_runtime_status(std::string_view message);

}  // namespace nodescope::cri
