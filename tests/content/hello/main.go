// Command hello prints the Go release that built it: the smallest module that a rendered workflow
// can test, build twice and put into an image.
package main

import (
	"fmt"
	"runtime"
)

func main() {
	fmt.Println(greeting(runtime.Version()))
}

func greeting(release string) string {
	return "hello from " + release
}
