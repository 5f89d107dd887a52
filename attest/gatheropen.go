package attest

import (
	"context"
	"errors"
	"sync"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// hands is how many requests are made at once.
const hands = 8

// because is why a request failed: the time of the whole, where that was up.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// together does n things, a few at a time.
func together(n int, do func(int)) {
	if n == 1 {
		do(0)
		return
	}
	var wait sync.WaitGroup
	turn := make(chan struct{}, hands)
	for i := range n {
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			do(i)
		})
	}
	wait.Wait()
}

// opened is what came of a bundle: a statement of a member, or why there is none.
type opened struct {
	signed  *signed
	keyless predicate.Type // of a certificate's signature
	odd     string
}

// open looks for the member whose key signed a bundle. Its signature is checked before
// anything is made of what it says, and only with a key that it names.
func (j *judgement) open(raw []byte, digest cas.Digest) opened {
	b, err := scan(raw)
	if err != nil {
		return opened{odd: err.Error()}
	}
	if b.Keyless() {
		if t, s, err := predicate.Head(b.payload); err == nil && s.Digest == j.subject.Digest {
			return opened{keyless: t}
		}
		return opened{}
	}
	for _, t := range j.policy.Teams {
		for _, m := range t.Members {
			for _, k := range m.Keys {
				s, err := b.Open(k.Key)
				if errors.Is(err, ErrSignature) {
					continue
				}
				if err == nil {
					err = b.form()
				}
				switch {
				case err != nil:
					return opened{odd: err.Error()}
				case s.Subject.Digest != j.subject.Digest:
					return opened{odd: "it is about " + s.Subject.Digest.OCI()}
				}
				return opened{signed: &signed{statement: s, member: m.Name, key: k.Key.Fingerprint(), digest: digest, judged: new(judged)}}
			}
		}
	}
	return opened{odd: "no member's key signed it"}
}
