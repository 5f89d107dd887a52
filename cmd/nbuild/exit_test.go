package main

import (
	"errors"
	"os/exec"
	"strconv"
)

// exitText returns the exit code in a command's error, or the error's text.
func exitText(err error) string {
	if err == nil {
		return "0"
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return strconv.Itoa(exit.ExitCode())
	}
	return err.Error()
}
