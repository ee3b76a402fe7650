package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/worker"
	"rpp-node/cluster/worker/child"
	"rpp-node/cluster/worker/device"
	proverdevice "rpp-node/prover/device"
	"rpp-node/prover/kernels"
)

// serveDeviceCmd is the process of one device. Workers start it.
type serveDeviceCmd struct {
	Threads int      `default:"0"`
	Memory  byteSize `name:"memory-limit"`
}

func (c *serveDeviceCmd) Run(*env) error {
	dev, err := threads(c.Threads)
	if err != nil {
		return err
	}
	// A signal to all processes of a service reaches this one too. When it ends is for the
	// worker to say, which may want to finish what runs: it closes the pipe.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1)
	return device.Serve(os.Stdin, os.Stdout, device.Options{Threads: dev.Workers(), MemoryLimit: int64(c.Memory), Now: time.Now})
}

// deviceShare is what one device of a node may use.
type deviceShare struct {
	count   int
	threads int
	memory  int64
}

// shares divides the machine among a node's devices, as far as the configuration does not.
func shares(d config.Devices, worker bool) deviceShare {
	s := deviceShare{count: d.Count, threads: d.Threads, memory: int64(d.Memory)}
	if s.count < 0 {
		s.count = 0
		if worker {
			s.count = 1
		}
	}
	n := max(s.count, 1)
	if s.threads == 0 {
		s.threads = max(runtime.GOMAXPROCS(0)/n, 1)
	}
	if s.memory == 0 {
		s.memory = memoryTotal() / 4 * 3 / int64(n)
	}
	return s
}

// memoryTotal is the memory of this machine, or of the container that the process is in.
func memoryTotal() int64 {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 0
	}
	total := int64(info.Totalram) * int64(info.Unit)
	if b, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil {
			total = min(total, limit)
		}
	}
	return total
}

// openDevice starts a device process of this program.
func openDevice(ctx context.Context, name, kernel string, s deviceShare, log *slog.Logger) (worker.Device, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := []string{self, "--device", kernel, "device", "--threads", strconv.Itoa(s.threads)}
	if s.memory > 0 {
		command = append(command, fmt.Sprintf("--memory-limit=%dB", s.memory))
	}
	d, err := child.Open(ctx, child.Options{
		Name: name, Command: command, Env: os.Environ(), Threads: s.threads, MemoryBytes: s.memory, Nice: child.DefaultNice, Log: log, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// openReference starts a device with the portable kernels, which decides disputes.
func openReference(ctx context.Context, log *slog.Logger) (worker.Device, error) {
	return openDevice(ctx, "reference", proverdevice.CPUName(kernels.Portable), deviceShare{threads: 1}, log)
}
