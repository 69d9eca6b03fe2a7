package cognito

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
)

func TestPrune(t *testing.T) {
	clock := clockwork.NewFakeClock()
	s := New(Options{Clock: clock})
	if err := s.CreatePool(Pool{ID: "p"}); err != nil {
		t.Fatal(err)
	}
	p := s.pools["p"]
	lasts := map[string]time.Duration{"code": codeLifetime, "session": sessionLifetime, "challenge": challengeLifetime, "grant": 2 * time.Hour}
	p.codes["x"] = &authorization{expires: clock.Now().Add(lasts["code"])}
	p.sessions["x"] = &session{signedIn: clock.Now()}
	p.challenges["x"] = &challenge{expires: clock.Now().Add(lasts["challenge"])}
	p.grants["x"] = &grant{expires: clock.Now().Add(lasts["grant"])}
	for passed := time.Duration(0); passed <= 2*time.Hour; passed += time.Minute {
		s.lock()
		for what, count := range map[string]int{"code": len(p.codes), "session": len(p.sessions), "challenge": len(p.challenges), "grant": len(p.grants)} {
			if kept := count == 1; kept != (passed < lasts[what]) {
				t.Errorf("a %s is kept after %s: %t", what, passed, kept)
			}
		}
		s.mu.Unlock()
		clock.Advance(time.Minute)
	}
}
