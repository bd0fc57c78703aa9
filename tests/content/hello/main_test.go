package main

import "testing"

func TestGreetingNamesTheRelease(t *testing.T) {
	if got, want := greeting("go1.27.1"), "hello from go1.27.1"; got != want {
		t.Errorf("greeting is %q, want %q", got, want)
	}
}
