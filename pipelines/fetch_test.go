package pipelines

import (
	"net/url"
	"testing"
)

func TestPlainHTTPIsForThisMachineOnly(t *testing.T) {
	for address, want := range map[string]bool{
		"https://data.example.com/x": true, "http://127.0.0.1:80/x": true, "http://[::1]/x": true, "http://localhost/x": true,
		"http://data.example.com/x": false, "http://10.0.0.1/x": false, "http://localhost.example.com/x": false,
		"file:///etc/passwd": false, "ftp://127.0.0.1/x": false, "http://127.0.0.1.example.com/": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if safe(u) != want {
			t.Errorf("safe(%s) = %t", address, !want)
		}
	}
}
