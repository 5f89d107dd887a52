// Package protocol is what nbuild and the sandbox's helper say to each other: an [Order]
// one way, a [Report] the other, each one JSON document on a pipe of its own.
//
// The order names folders of the host by absolute paths. It is made by nbuild alone, and
// nothing of it comes from the command that is run; the report is written by the helper's
// outer process, which the command can't reach either. So neither is bytes from outside.
package protocol

import (
	"os"
	"time"
)

// Descriptors of the helper's outer process.
const (
	OrderFD  = 3 // the order is read from it; when it ends, whoever gave the order is gone
	ReportFD = 4 // the report is written to it
)

// ReplicaFD is the descriptor of the inner process that the files of a replica are read by.
const ReplicaFD = 5

// OneProcessor is the whole environment of the helper's processes, which have little to
// do and start the sooner for it. No command sees it.
const OneProcessor = "GOMAXPROCS=1"

// WorkDir is the command's working folder.
const WorkDir = "/build"

// User and Group are who the command is inside of the sandbox.
const (
	User  = 1000
	Group = 1000
)

// Owner is the user of the host that the command's user stands for where nbuild is root.
// It is nobody's, and never root: the kernel lets root write under /proc/sys even where
// all capabilities are gone.
const Owner = 1_848_573_952

// Epoch is the time, in seconds since 1970, of all that a command finds: the first day of
// 1980, as SOURCE_DATE_EPOCH says.
const Epoch = 315_532_800

// Order is a command and all that it may see. Paths of the host are absolute.
type Order struct {
	// Root becomes /, read-only, with the folders of Over lying over it, each over those
	// before it. Together they hold the mount points that Skeleton names, or of a container
	// those of ContainerSkeleton.
	Root string
	Over []string
	// Work holds folders that together become WorkDir, the first over the next. They are
	// read; what the command writes goes into Scratch. Their files belong to Owner where
	// nbuild is root.
	Work []string
	// Replica is a folder with packages that the command finds served on its loopback; "" is
	// none (internal/npm/replica/catalogue).
	Replica string `json:",omitempty"`
	// Run is the program and its arguments. Without a slash the program is looked for in
	// the PATH of Env.
	Run []string
	// Env is the whole environment, each KEY=value.
	Env []string
	// Outputs are paths relative to WorkDir. After a command that ended with 0 they lie
	// below "out" of Scratch.
	Outputs []string
	Limits  Limits
	// FirstProcess is the number that processes count on from in the sandbox; 0 leaves it to
	// the kernel. Which numbers they have is nothing that a command may rely on.
	FirstProcess int `json:",omitempty"`
	// Container says that the command is an image's: nil is a step's.
	Container *Container
	// Reads says that the command reads Input; else its standard input is empty.
	Reads bool     `json:",omitempty"`
	Input *os.File `json:"-"` // a pipe, and never a terminal, which a command could act on
	// Scratch is an empty folder on a disk. Whoever gives the order removes it, unless Clear
	// asks the helper to, once the order's pipe has ended.
	Scratch string
	Clear   bool
}

// Container is how the command of an image is started, and what is asked of it. Its
// files are the image's own: there is no working folder to write to, and no output, unless
// what it loads is recorded.
type Container struct {
	User, Group uint32 // who it is inside of the sandbox
	Dir         string // the working folder, an absolute path
	Recorded    bool   // Order.Work becomes RecordDir, which outputs are relative to
	Asked       Asked
}

// RecordDir is where the recorder stands in an image that is recorded, and what it writes.
const RecordDir = "/.nbuild-record"

// WorkAt is where Order.Work is laid out, "" where it is not.
func (o *Order) WorkAt() string {
	switch {
	case o.Container == nil:
		return WorkDir
	case o.Container.Recorded:
		return RecordDir
	}
	return ""
}

// Asked is what a command of an image has to do. Without HTTP and Alive it has to end
// with 0.
type Asked struct {
	HTTP    *Question     `json:",omitempty"`
	Alive   time.Duration // how long it has to run
	Text    string        // what the answer, or what it prints, has to hold
	Timeout time.Duration // when it has failed
}

// Question is one that a server in the image has to answer.
type Question struct {
	Local  bool // it may answer 127.0.0.1 or ::1 alone
	Port   uint16
	Path   string
	Status int // 0 is any from 200 to 299
}

// Limits is what a command may use. Zero is no limit.
type Limits struct {
	Memory    int64 // bytes of all processes together
	Disk      int64 // bytes that are written
	Processes int   // processes and threads at one time
	Time      time.Duration
}

// Names of limits, as a report has them.
const (
	LimitMemory    = "memory"
	LimitDisk      = "disk"
	LimitProcesses = "processes"
	LimitTime      = "time"
)

// Report is what came of an order.
type Report struct {
	// Failed is the step of the sandbox's making that was refused, and Cause why; then
	// nothing was run.
	Failed string `json:",omitempty"`
	Cause  string `json:",omitempty"`

	// Unmet is what a command of an image did in place of what was asked; "" where it did
	// that.
	Unmet string `json:",omitempty"`

	Exit    int           // the exit code; 128 and the signal's number where one ended it
	Limit   string        `json:",omitempty"` // which limit ended it
	Held    string        // how limits were held: HeldV2, HeldV1 or HeldSampled
	Refused []string      `json:",omitempty"` // outputs that are not kept, each with the reason
	User    time.Duration // CPU, of all processes
	System  time.Duration
	Wall    time.Duration
	Peak    int64 // bytes of memory, of all processes at one time or of the largest one
}

// How limits are held.
const (
	HeldV2      = "cgroup-v2"
	HeldV1      = "cgroup-v1"
	HeldSampled = "sampled" // rlimits, and a look every few milliseconds
)
