#include "server/api/cadvisor/fitting.hpp"

#include "core/json/writer.hpp"
#include "server/api/cadvisor/application.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

namespace nodescope::api {

namespace {

using cadvisor::container_view;
using cadvisor::sample;

/// Of a sample without lists, and of a spec without labels.
constexpr std::size_t plain_sample_bytes = 2048;
constexpr std::size_t plain_spec_bytes = 1024;
/// One member of a list of a sample: an interface, a filesystem, an operation of a disk, a processor.
constexpr std::size_t interface_bytes = 200;
constexpr std::size_t filesystem_bytes = 512;
constexpr std::size_t io_entry_bytes = 100;
constexpr std::size_t processor_bytes = 20;
/// Families with one series a container: of all, and of a group that it has.
constexpr std::size_t plain_series = 5;
constexpr std::size_t series_of_cpu = 12;
constexpr std::size_t series_of_memory = 26;
constexpr std::size_t series_of_memory_events = 4;
constexpr std::size_t series_of_swap_events = 3;
constexpr std::size_t series_of_processes = 5;
constexpr std::size_t series_of_pressures = 6;
constexpr std::size_t series_of_interface = 8;
constexpr std::size_t series_of_sockets = 30;
constexpr std::size_t series_of_filesystem = 4;
constexpr std::size_t series_of_io_entry = 3;
constexpr std::size_t series_of_volume = 3;

constexpr int lowest_rank = 2;

int rank(const container_view& one)
{
    if (one.name == "/") return 0;
    return one.spec->name_space.empty() ? lowest_rank : 1;
}

std::size_t total_of(const container_views& found)
{
    std::size_t bytes = 0;
    for (const container_view& one : found) bytes += sample_bytes(one);
    return bytes;
}

std::size_t bytes_of_sample(const sample& one)
{
    std::size_t bytes = plain_sample_bytes;
    if (one.network) {
        for (const auto& each : one.network->interfaces) bytes += interface_bytes + each.name.size();
    }
    if (one.filesystems) {
        for (const auto& each : *one.filesystems) bytes += filesystem_bytes + each.device.size();
    }
    if (one.io) bytes += one.io->size() * io_entry_bytes;
    if (one.cpu) bytes += one.cpu->per_cpu.size() * processor_bytes;
    return bytes;
}

}  // namespace

std::size_t keep_fitting(container_views& found, const std::function<std::size_t(const container_view&)>& bytes,
                         std::size_t limit_bytes)
{
    std::vector<std::tuple<int, std::size_t, std::size_t>> by_rank;  // and what it takes, and its place
    by_rank.reserve(found.size());
    for (std::size_t at = 0; at < found.size(); ++at) by_rank.emplace_back(rank(found[at]), bytes(found[at]), at);
    std::sort(by_rank.begin(), by_rank.end());
    std::vector<bool> fits(found.size(), false);
    std::size_t used = 0;
    std::size_t left_out = 0;
    for (const auto& [of_kind, size, at] : by_rank) {
        fits[at] = size <= limit_bytes - used;
        if (fits[at]) used += size;
        else ++left_out;
    }
    if (left_out == 0) return 0;
    container_views kept;
    kept.reserve(found.size() - left_out);
    for (std::size_t at = 0; at < found.size(); ++at) {
        if (fits[at]) kept.push_back(std::move(found[at]));
    }
    found = std::move(kept);
    return left_out;
}

std::size_t trim_samples(container_views& found, std::size_t limit_bytes)
{
    std::size_t total = total_of(found);
    std::size_t most = 0;
    for (const container_view& one : found) most = std::max(most, one.samples.size());
    std::size_t left_out = 0;
    for (int of_kind = lowest_rank; of_kind >= 0; --of_kind) {
        for (std::size_t count = most / 2; count > 0 && total > limit_bytes; count /= 2) {
            for (container_view& one : found) {
                if (rank(one) != of_kind || one.samples.size() <= count) continue;
                const std::size_t older = one.samples.size() - count;
                one.samples.erase(one.samples.begin(), one.samples.begin() + static_cast<std::ptrdiff_t>(older));
                left_out += older;
            }
            total = total_of(found);
        }
    }
    return left_out;
}

std::size_t spec_bytes(const container_view& one)
{
    std::size_t bytes = plain_spec_bytes + json_string_bytes(one.name) + json_string_bytes(one.spec->image);
    for (const auto& [key, value] : one.spec->labels) bytes += json_string_bytes(key) + json_string_bytes(value);
    for (const auto& [key, value] : one.spec->envs) bytes += json_string_bytes(key) + json_string_bytes(value);
    return bytes + application_bytes(one);
}

std::size_t summary_bytes(const container_view& one)
{
    constexpr std::size_t usual_bytes = 2048;
    return usual_bytes + 6 * one.name.size();
}

std::size_t sample_bytes(const container_view& one)
{
    // All of them: most are much alike, but the lists of one need not be those of another.
    return std::accumulate(one.samples.begin(), one.samples.end(), spec_bytes(one),
                           [](std::size_t sum, const sample& each) { return sum + bytes_of_sample(each); });
}

std::size_t series_of(const container_view& one)
{
    std::size_t series = plain_series;
    if (one.samples.empty()) return series;
    const sample& newest = one.samples.back();
    if (newest.network) {
        series += newest.network->interfaces.size() * series_of_interface;
        if (newest.network->sockets_counted) series += series_of_sockets;
    }
    if (newest.filesystems) series += newest.filesystems->size() * series_of_filesystem;
    if (newest.io) series += newest.io->size() * series_of_io_entry;
    if (newest.cpu) series += series_of_cpu + newest.cpu->per_cpu.size();
    if (newest.memory) {
        series += series_of_memory;
        if (newest.memory->has_events) series += series_of_memory_events;
        if (newest.memory->has_swap_events) series += series_of_swap_events;
    }
    if (newest.processes) series += series_of_processes;
    if (newest.pressures) series += series_of_pressures;
    if (one.application) series += one.application->values.size();
    if (one.volumes) series += one.volumes->size() * series_of_volume;
    return series;
}

}  // namespace nodescope::api
