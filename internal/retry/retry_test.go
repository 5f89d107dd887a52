package retry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/pace"
)

// answers replies with one status after the other, the last for ever.
type answers struct {
	status  []int
	headers http.Header
	bodies  []string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		all, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(all)
	}
	a.bodies = append(a.bodies, r.Method+" "+body)
	w := httptest.NewRecorder()
	for k, v := range a.headers {
		w.Header()[k] = v
	}
	w.WriteHeader(a.status[min(len(a.bodies), len(a.status))-1])
	return w.Result(), nil
}

func TestWhatAServerAsksForIsDone(t *testing.T) {
	const now = "Mon, 30 Nov 2026 12:00:00 GMT"
	tests := []struct {
		name   string
		status int
		header http.Header
		waits  []time.Duration
	}{
		{"seconds", 429, http.Header{"Retry-After": {"7"}}, []time.Duration{7 * time.Second, 7 * time.Second}},
		{"seconds of a server that is being mended", 503, http.Header{"Retry-After": {" 120 "}}, []time.Duration{2 * time.Minute, 2 * time.Minute}},
		{"no seconds", 429, http.Header{"Retry-After": {"0"}}, []time.Duration{0, 0}},
		{"as long as is allowed", 429, http.Header{"Retry-After": {"300"}}, []time.Duration{bounds.RetryWait, bounds.RetryWait}},
		{"longer than is allowed", 429, http.Header{"Retry-After": {"301"}}, nil},
		{"a day", 503, http.Header{"Retry-After": {"86400"}}, nil},
		{"a date, by the server's own clock", 503, http.Header{"Date": {now}, "Retry-After": {"Mon, 30 Nov 2026 12:01:30 GMT"}}, []time.Duration{90 * time.Second, 90 * time.Second}},
		{"a date in an older form", 503, http.Header{"Date": {now}, "Retry-After": {"Monday, 30-Nov-26 12:00:10 GMT"}}, []time.Duration{10 * time.Second, 10 * time.Second}},
		{"a date that is over", 503, http.Header{"Date": {now}, "Retry-After": {"Mon, 30 Nov 2026 11:00:00 GMT"}}, []time.Duration{0, 0}},
		{"a date too far", 503, http.Header{"Date": {now}, "Retry-After": {"Mon, 30 Nov 2026 13:00:00 GMT"}}, nil},
		{"a date without a clock", 503, http.Header{"Retry-After": {"Mon, 30 Nov 2026 12:01:30 GMT"}}, []time.Duration{time.Second, 2 * time.Second}},
		{"nothing", 502, nil, []time.Duration{time.Second, 2 * time.Second}},
		{"nonsense", 502, http.Header{"Retry-After": {"soon"}}, []time.Duration{time.Second, 2 * time.Second}},
		{"less than nothing", 502, http.Header{"Retry-After": {"-5"}}, []time.Duration{time.Second, 2 * time.Second}},
		{"more than a number holds", 429, http.Header{"Retry-After": {"99999999999999999999"}}, []time.Duration{time.Second, 2 * time.Second}},
		{"an answer that will not change", 404, http.Header{"Retry-After": {"1"}}, nil},
		{"a refusal", 403, http.Header{"Retry-After": {"1"}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var waits []time.Duration
			var reported []event.Event
			policy := Reporting(event.Func(func(e event.Event) { reported = append(reported, e) }))
			policy.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
			inner := &answers{status: []int{test.status}, headers: test.header}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://registry.example.com/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := (&Transport{Inner: inner, Policy: policy}).RoundTrip(req)
			var status *Status
			if errors.As(err, &status) {
				if asked := strings.Contains(err.Error(), "asked to be left alone for "); asked != status.Asked || !errors.As(err, new(Final)) {
					t.Errorf("the last answer says %q", err)
				}
				resp, err = &http.Response{StatusCode: status.Code}, nil
			}
			if err != nil || resp.StatusCode != test.status {
				t.Fatalf("%v, %v", resp, err)
			}
			if diff := cmp.Diff(test.waits, waits); diff != "" {
				t.Error(diff)
			}
			for i, e := range reported {
				if e.Kind != event.Wait || e.Duration != waits[i] || e.Name != "registry.example.com" || !strings.Contains(e.Text, "patience") {
					t.Errorf("reported %+v", e)
				}
			}
			asked := test.header.Get("Retry-After") != "" && len(waits) > 0 && waits[0] > 2*time.Second
			if asked != (len(reported) == 2) {
				t.Errorf("reported %d times of waits %v", len(reported), waits)
			}
		})
	}
}

func TestOnlyWhatMayPassIsTriedAgain(t *testing.T) {
	fast := Policy{Sleep: func(context.Context, time.Duration) error { return nil }}
	flaky := errors.New("flaky")
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"an error that may pass": {flaky, bounds.RetryLimit},
		"a final one":            {Final{flaky}, 1},
		"none":                   {nil, 1},
	} {
		n := 0
		err := fast.Do(t.Context(), "x", func(context.Context) error { n++; return test.err })
		if n != test.want || !errors.Is(err, test.err) || test.err != nil && !errors.Is(Bare(err), flaky) {
			t.Errorf("%s: tried %d times, %v", name, n, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_ = Policy{}.Do(ctx, "x", func(context.Context) error { n++; cancel(); return flaky })
	if n != 1 {
		t.Errorf("tried %d times after the run ended", n)
	}
}

func TestAWaitEndsWithTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	begun := time.Now()
	err := Policy{}.Do(ctx, "x", func(context.Context) error { return &Status{Code: 429, After: time.Minute, Asked: true} })
	if !errors.Is(err, context.Canceled) || time.Since(begun) > 10*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}

func TestABodyIsSentAgainOnlyWhereItCanBeHadAgain(t *testing.T) {
	policy := Policy{Sleep: func(context.Context, time.Duration) error { return nil }}
	send := func(body io.Reader, alone func(*http.Request) bool) ([]string, *http.Response, error) {
		inner := &answers{status: []int{503, 201}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "https://registry.example.com/x", body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&Transport{Inner: inner, Policy: policy, Alone: alone}).RoundTrip(req)
		return inner.bodies, resp, err
	}
	if bodies, resp, err := send(strings.NewReader("manifest"), nil); err != nil || resp.StatusCode != 201 || len(bodies) != 2 || bodies[1] != "PUT manifest" {
		t.Errorf("%q, %v", bodies, err)
	}
	for name, send := range map[string]func() ([]string, *http.Response, error){
		"a stream": func() ([]string, *http.Response, error) {
			return send(io.MultiReader(strings.NewReader("layer")), nil)
		},
		"a piece of something larger": func() ([]string, *http.Response, error) {
			return send(strings.NewReader("layer"), func(*http.Request) bool { return false })
		},
	} {
		bodies, _, err := send()
		var status *Status
		if len(bodies) != 1 || !errors.As(err, &status) || status.Code != 503 || errors.As(err, new(Final)) || !Passing(err) {
			t.Errorf("%s: %q, %v", name, bodies, err)
		}
	}
}

// Whoever repeats all of something does not repeat what was repeated already.
func TestWhatATransportGaveUpOnIsFinal(t *testing.T) {
	policy := Policy{Sleep: func(context.Context, time.Duration) error { return nil }}
	inner := &answers{status: []int{503}}
	client := &http.Client{Transport: &Transport{Inner: inner, Policy: policy}}
	err := policy.Do(t.Context(), "x", func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://registry.example.com/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		return err
	})
	if len(inner.bodies) != bounds.RetryLimit || err == nil {
		t.Errorf("sent %d times, %v", len(inner.bodies), err)
	}
}

func TestAllTriesTogetherHaveATime(t *testing.T) {
	policy := Policy{Tries: 1 << 20, Backoff: time.Nanosecond, Whole: 50 * time.Millisecond}
	err := policy.Do(t.Context(), "left@1.0.0", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	var slow *pace.Slow
	if !errors.As(err, &slow) || err.Error() != "left@1.0.0 was not finished after 50ms" {
		t.Errorf("%v", err)
	}
}

func TestManyThatWaitAreToldOnce(t *testing.T) {
	reported := 0
	policy := Reporting(event.Func(func(event.Event) { reported++ }))
	inside := false
	policy.Sleep = func(ctx context.Context, d time.Duration) error {
		if !inside { // while one waits, another comes to wait
			inside = true
			_ = policy.Do(ctx, "b", func(context.Context) error { return &Status{Code: 429, After: time.Second, Asked: true} })
		}
		return nil
	}
	_ = policy.Do(t.Context(), "a", func(context.Context) error { return &Status{Code: 429, After: time.Second, Asked: true} })
	if reported != 2 { // a's first wait, and its second, when b had given up
		t.Errorf("reported %d times", reported)
	}
}
