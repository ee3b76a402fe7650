package main

import (
	"fmt"
	"runtime"
	"strings"

	"rpp-node/prover/device"
	"rpp-node/prover/kernels"
)

// useDevice makes the device of that name the one that runs: "cpu" is the fastest kernel
// set that this processor has, or the one that the environment variable asks for.
func useDevice(name string) error {
	if name == "cpu" {
		if err := kernels.Err(); err != nil {
			return usageError{err}
		}
		return nil
	}
	for _, s := range kernels.Supported() {
		if device.CPUName(s) == name {
			kernels.Use(s)
			return nil
		}
	}
	return usageError{fmt.Errorf("--device: %q is not a device of this machine; use one of: cpu, %s", name, strings.Join(devices(), ", "))}
}

// devices are the names of the devices of this machine, slowest first.
func devices() []string {
	var names []string
	for _, s := range kernels.Supported() {
		names = append(names, device.CPUName(s))
	}
	return names
}

// threads is the CPU with n workers, or with one for each core if n is 0.
func threads(n int) (*device.CPU, error) {
	if n < 0 || n > 1024 {
		return nil, usageError{fmt.Errorf("--threads: %d, want 0 to 1024", n)}
	}
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	return device.NewCPU(n), nil
}
