package main

import "fmt"

func enter386(number uint32) int32

func i386() error {
	if n := enter386(20); n < 0 {
		return fmt.Errorf("error %d", -n)
	}
	return nil
}
