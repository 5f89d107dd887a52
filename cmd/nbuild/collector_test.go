package main

import "testing"

// The less there is the lazier the collector, and it never lets a large heap grow to more
// than twice what is live.
func TestTheCollectorIsLazyWhileThereIsLittle(t *testing.T) {
	const mib = 1 << 20
	for live, want := range map[uint64]int{
		0: soberly, 4 * mib: lazily, 12 * mib: lazily, 16 * mib: 300, 32 * mib: soberly, 60 * mib: soberly, 500 * mib: soberly,
	} {
		if got := percent(live); got != want {
			t.Errorf("%d MiB live: %d%%, want %d%%", live/mib, got, want)
		}
		if goal := live + live*uint64(percent(live))/100; goal > max(plenty, 2*live) {
			t.Errorf("%d MiB live may grow to %d MiB", live/mib, goal/mib)
		}
	}
}
