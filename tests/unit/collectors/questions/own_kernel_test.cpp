#include "collectors/questions/own_kernel.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope {
namespace {

TEST(OwnKernel, IsKnownByTheRuntimeOrByTheProcess)
{
    struct example {
        std::string runtime;
        std::string process;
        std::string kernel;
    };
    const example examples[] = {
        {"runsc", "sleep\n", "gVisor"},
        {"io.containerd.runsc.v1", "", "gVisor"},
        {"gvisor-ptrace", "", "gVisor"},
        {"io.containerd.kata.v2", "", "Kata Containers"},
        {"kata-qemu", "", "Kata Containers"},
        {"KATA", "", "Kata Containers"},
        {"krun", "", "libkrun"},
        {"aws.firecracker", "", "Firecracker"},
        // Whoever set the node up may have called it anything.
        {"sandboxed", "runsc-sandbox\n", "gVisor"},
        {"", "qemu-system-x86\n", "a virtual machine"},
        {"", "cloud-hyperviso\n", "a virtual machine"},
        {"", "firecracker\n", "Firecracker"},
        {"", "containerd-shim\n", "Kata Containers"},
    };
    for (const example& one : examples) {
        const std::string note = note_of_own_kernel(one.runtime, one.process);
        EXPECT_NE(note.find("(" + one.kernel), std::string::npos) << one.runtime << " " << one.process << ": " << note;
        const std::string by = one.runtime.empty() ? "(" : "runtime " + one.runtime;
        EXPECT_NE(note.find(by), std::string::npos) << note;
        EXPECT_LE(note.size(), 256U) << "what an answer has room for";
    }
}

TEST(OwnKernel, IsNotThatOfUsualContainers)
{
    for (const std::string runtime :
         {"", "runc", "crun", "youki", "nvidia", "io.containerd.runc.v2", "oci", "sysbox-runc"}) {
        EXPECT_EQ(note_of_own_kernel(runtime, "nginx\n"), "") << runtime;
    }
    EXPECT_EQ(note_of_own_kernel("", ""), "");
}

}  // namespace
}  // namespace nodescope
