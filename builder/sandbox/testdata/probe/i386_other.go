//go:build !amd64

package main

import "errors"

func i386() error { return errors.New("this machine has no such table") }
