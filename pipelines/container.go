package pipelines

import (
	"fmt"
	"strconv"
	"time"
)

// Container says that a planned step is a check of an image: its command is the image's,
// started as a container would be, and what comes of it is what is asked.
type Container struct {
	Image string // the block's name
	Check *Check
	User  uint32
	Group uint32
	Dir   string   // the working folder, an absolute path
	Env   []string // the whole environment, NAME=value

	Recorded bool // what it loads is recorded
}

// settings are further lines of what the sandbox reads.
func (c *Container) settings() []byte {
	b := fmt.Appendf(nil, "user %d %d\nworkdir %s\nwithin %d\nalive %d\ntext %s\n",
		c.User, c.Group, strconv.Quote(c.Dir), int64(c.Check.Timeout/time.Millisecond), int64(c.Check.Alive/time.Millisecond), strconv.Quote(c.Check.Text))
	if c.Recorded {
		b = append(b, "recorded true\n"...)
	}
	if a := c.Check.HTTP; a != nil {
		b = fmt.Appendf(b, "http %t %d %d %s\n", a.Local, a.Port, a.Status, strconv.Quote(a.Path))
	}
	return b
}
