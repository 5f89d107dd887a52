package pace

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestEachLimitEndsATransferAndIsNamed counts steps of a second by hand.
func TestEachLimitEndsATransferAndIsNamed(t *testing.T) {
	limits := Limits{Answer: 30 * time.Second, Stall: 60 * time.Second, Window: 60 * time.Second, Floor: 1024, Whole: 10 * time.Minute}
	idle := func(w *watch, seconds int) string {
		for range seconds {
			if why := w.look(); why != "" {
				return why
			}
		}
		return ""
	}
	tests := map[string]struct {
		run  func(w *watch) string
		want string
	}{
		"an answer that comes late": {func(w *watch) string { return idle(w, 29) }, ""},
		"no answer":                 {func(w *watch) string { return idle(w, 30) }, "no answer came in 30s"},
		"a body that stops": {func(w *watch) string {
			w.answered()
			w.comes(100_000, receiving)
			return idle(w, 60)
		}, "no byte came for 1m0s, after 100000 bytes"},
		"a byte a second": {func(w *watch) string {
			w.answered()
			for range 59 {
				w.comes(1, receiving)
				if why := idle(w, 1); why != "" {
					return why
				}
			}
			w.comes(1, receiving)
			return idle(w, 1)
		}, "it is too slow: 60 bytes came in 1m0s, and the least is 1024 bytes a second"},
		"a little more than the least": {func(w *watch) string {
			w.answered()
			for range 590 {
				w.comes(1100, receiving)
				if why := idle(w, 1); why != "" {
					return why
				}
			}
			return ""
		}, ""},
		"the least for ever": {func(w *watch) string {
			w.answered()
			for range 600 {
				w.comes(1100, receiving)
				if why := idle(w, 1); why != "" {
					return why
				}
			}
			return ""
		}, "it was not whole after 10m0s, when 660000 bytes had come or gone"},
		"who reads takes its time": {func(w *watch) string {
			w.answered()
			w.comes(10, ours)
			return idle(w, 500)
		}, ""},
		"a request that is not taken": {func(w *watch) string {
			w.sends(32<<10, sending)
			return idle(w, 30)
		}, "no byte was taken for 30s, after 32768 bytes"},
		"a request that is taken slowly": {func(w *watch) string {
			for range 60 {
				w.sends(1000, sending)
				if why := idle(w, 1); why != "" {
					return why
				}
			}
			return ""
		}, "it is too slow: 60000 bytes were taken in 1m0s, and the least is 1024 bytes a second"},
		"a request of which the answer came before its end": {func(w *watch) string {
			w.sends(10, sending)
			w.answered()
			w.sends(10, sending)
			return idle(w, 500)
		}, ""},
		"a request whose bytes come slowly from this side": {func(w *watch) string {
			w.sends(10, ours)
			return idle(w, 500)
		}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := &watch{limits: limits, every: time.Second, now: answering}
			if got := test.run(w); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestASlowServerIsNotWaitedFor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" {
			<-r.Context().Done()
			return
		}
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	}))
	defer server.Close()
	limits := Limits{Answer: 300 * time.Millisecond, Stall: time.Hour, Window: 200 * time.Millisecond, Floor: 1 << 20, Whole: time.Hour}
	client := &http.Client{Transport: &Transport{Inner: server.Client().Transport, Limits: limits}}
	_, err := client.Get(server.URL + "/silent")
	var slow *Slow
	if !errors.As(err, &slow) || slow.Error() != "no answer came in 300ms" {
		t.Errorf("%v", err)
	}
	resp, err := client.Get(server.URL + "/drip")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	var timeout net.Error
	if !errors.As(err, &slow) || !strings.HasPrefix(slow.Error(), "it is too slow: ") || !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v", err)
	}
}

// A command's own limit is the reason of whatever it ends.
func TestALimitFromAboveIsNamed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	ctx, cancel := Within(t.Context(), 50*time.Millisecond, "the verdict")
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&Transport{Inner: server.Client().Transport}).RoundTrip(req)
	if err == nil || err.Error() != "the verdict was not finished after 50ms" {
		t.Errorf("%v", err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if other := errors.New("other"); Cause(ended, other) != other || Cause(ctx, nil) != nil {
		t.Error("a cause that is no limit took the place of an error")
	}
}

func TestWhatIsLargeMayTakeLonger(t *testing.T) {
	if got := Longer(time.Minute, 1<<30); got != time.Minute+2048*time.Second {
		t.Error(got)
	}
	if got := Longer(time.Minute, 1000); got != time.Minute {
		t.Error(got)
	}
}
