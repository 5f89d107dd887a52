package remote

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Address is where an engine is: grpc://HOST[:PORT]/INSTANCE, or grpcs:// with TLS.
type Address struct {
	TLS      bool
	Host     string // with the port
	Instance string // which of the server's caches and queues; may be empty
}

// ParseAddress reads an address.
func ParseAddress(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, fmt.Errorf("%q is no address", text)
	}
	a := Address{TLS: u.Scheme == "grpcs", Host: u.Host, Instance: strings.Trim(u.Path, "/")}
	switch {
	case u.Scheme != "grpc" && u.Scheme != "grpcs":
		return Address{}, fmt.Errorf("%q does not begin with grpc:// or grpcs://", text)
	case u.User != nil:
		return Address{}, fmt.Errorf("an address has no credentials in it")
	case u.RawQuery != "" || u.Fragment != "":
		return Address{}, fmt.Errorf("%q has more than a host and an instance", text)
	case u.Hostname() == "":
		return Address{}, fmt.Errorf("%q has no host", text)
	}
	for part := range strings.SplitSeq(a.Instance, "/") {
		switch part { // which would make other names of a resource's (REAPI v2, ExecuteRequest.instance_name)
		case "blobs", "uploads", "actions", "actionResults", "operations", "capabilities", "compressed-blobs":
			return Address{}, fmt.Errorf("%q can't be part of an instance's name", part)
		}
	}
	if u.Port() == "" {
		port := "80"
		if a.TLS {
			port = "443"
		}
		a.Host = net.JoinHostPort(u.Hostname(), port)
	}
	return a, nil
}

// String gives the address as it is written.
func (a Address) String() string {
	scheme := "grpc://"
	if a.TLS {
		scheme = "grpcs://"
	}
	return strings.TrimSuffix(scheme+a.Host+"/"+a.Instance, "/")
}

// loopback reports whether the address is this machine's own.
func (a Address) loopback() bool {
	host, _, err := net.SplitHostPort(a.Host)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}
