// The system calls that a confined program may make, as a program for the kernel's seccomp.
#pragma once

#include "core/error.hpp"

#include <linux/filter.h>

#include <vector>

namespace nodescope {

/// For a program that is started, asks the kernel over a netlink or an IP socket, and prints: an allow list. Whatever
/// is not in it fails with EPERM and ends nothing, so that a newer libc that tries something new goes on without it.
/// Refused are among others new processes, signals, sockets of other families (AF_UNIX), connect(), writing to files
/// that are not open, other namespaces, mounts, and looking into other processes; and all calls of another
/// architecture, x32 too. Made beforehand, because libseccomp allocates: the child only hands it to the kernel.
result<std::vector<sock_filter>> make_call_filter();

}  // namespace nodescope
