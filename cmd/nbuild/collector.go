package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A run is short, so most of what it takes need never be collected: the collector waits
// until the heap is five times what was live. That is five times too much where something
// large is live for a moment. So it waits for less the more there is, and from plenty on
// no longer than collectors do.
const (
	lazily  = 400      // percent of what is live
	soberly = 100      // percent
	plenty  = 64 << 20 // bytes that the heap may have without being looked at
)

// collect has the collector follow what is live, after each of its cycles.
func collect() {
	debug.SetGCPercent(lazily)
	type cycle struct{ live [1]metrics.Sample }
	c := &cycle{}
	c.live[0].Name = "/gc/heap/live:bytes"
	var again func(*cycle)
	again = func(c *cycle) {
		metrics.Read(c.live[:])
		debug.SetGCPercent(percent(c.live[0].Value.Uint64()))
		runtime.SetFinalizer(c, again)
	}
	runtime.SetFinalizer(c, again)
}

// percent is how much more than live the heap may grow to.
func percent(live uint64) int {
	if live == 0 || live >= plenty {
		return soberly
	}
	return int(min(lazily, max(soberly, (plenty-live)*100/live)))
}
