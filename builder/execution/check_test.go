package execution

import (
	"strings"
	"testing"
)

// TestEachWayNotToPassACheckHasItsRemedy holds remedies to what the sandbox's helper says.
func TestEachWayNotToPassACheckHasItsRemedy(t *testing.T) {
	for unmet, want := range map[string]string{
		"it ended with 1 before it answered on port 80, and a container ends with its command":        "have the command itself stay",
		"it was killed by signal 9 before it had run for 2s, and a container ends with its command":   "have the command itself stay",
		"it listens on port 80 of localhost alone, and nothing outside of its container reaches that": "listen on 0.0.0.0",
		"within 1s it listened on port 80 of localhost alone":                                         "listen on 0.0.0.0",
		"within 30s nothing listened on port 8080":                                                    "correct the port",
		"it did not end within 1s":                                                              "more `timeout`",
		`8080/ answered "404 Not Found", and 200 to 299 was asked for`:                          "correct what it answers",
		`within 3s 8080/bad answered "500 Internal Server Error", and 200 to 299 was asked for`: "correct what it answers",
		"the head of its answer has more than 65536 bytes":                                      "correct what it answers",
		`what it answered is no HTTP: "SSH"`:                                                    "correct what it answers",
		`it did not print "never"`:                                                              "what the check expects",
		"it ended with 3":                                                                       "correct what it says: its files are read-only",
		"its command can't be started":                                                          "correct what it says",
	} {
		if got := mend(unmet, ""); !strings.Contains(got, want) {
			t.Errorf("%s: %s", unmet, got)
		}
	}
	if got := mend("it ended with 1", "code: 'ERR_NBUILD_GUARD'"); !strings.Contains(got, "nbuild trace --checks") {
		t.Error(got)
	}
}
