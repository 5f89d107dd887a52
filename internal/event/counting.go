package event

import "io"

// step is after how many bytes a transfer says how far it is.
const step = 256 << 10

// Counting passes on what is written to w, and says how far the transfer of name is.
func Counting(w io.Writer, to Sink, phase, name string) io.Writer {
	if to == nil {
		return w
	}
	return &counting{w: w, to: to, phase: phase, name: name}
}

type counting struct {
	w           io.Writer
	to          Sink
	phase, name string
	came, said  int64
}

// Write writes to the writer beneath.
func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if c.came += int64(n); c.came-c.said >= step {
		c.said = c.came
		c.to.Emit(Event{Kind: Progress, Phase: c.phase, Name: c.name, Bytes: c.came})
	}
	return n, err
}
