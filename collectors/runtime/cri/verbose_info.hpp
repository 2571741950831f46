// What a runtime says of a container or a sandbox in JSON when it is asked to be verbose. It is made for people who
// debug the runtime, and may change or be missing: whatever cannot be read is not known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::cri {

struct verbose_facts {
    verbose_facts() = default;
    std::int64_t pid = 0;    ///< of the first process; 0: not known
    std::string sandbox_id;  ///< of a container
    std::string snapshotter;
    std::string image;              ///< of a sandbox
    std::string low_level_runtime;  ///< "io.containerd.runc.v2"
    std::string root_path;          ///< of its root filesystem; relative: to a folder that is not said
    std::int64_t cpu_shares = 0;
    std::vector<std::string> command;      ///< with its arguments, 4 KiB of it
    std::vector<std::string> environment;  ///< "NAME=value", 64 KiB of it
};

verbose_facts read_verbose_info(std::string_view json);

/// The annotation in which the kubelet keeps the ports of a container, as its pod's author wrote them
/// (pkg/kubelet/kuberuntime/labels.go).
inline constexpr std::string_view ports_annotation = "io.kubernetes.container.ports";
/// Those of TCP of that annotation: [{"containerPort":80,"protocol":"TCP"}]. What cannot be read names none.
std::vector<std::uint16_t> read_container_ports(std::string_view json);

}  // namespace nodescope::cri
