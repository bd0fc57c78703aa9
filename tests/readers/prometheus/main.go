// Prometheus-reader reads files as Prometheus does: `rules FILE` a file of alerts, with every
// expression parsed, `metrics FILE` a text exposition, held to the naming rules as promtool does.
// It prints what is wrong, a line each, and exits 1; it says nothing of a good file.
package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: prometheus-reader rules|metrics FILE")
		os.Exit(2)
	}
	var found []string
	switch os.Args[1] {
	case "rules":
		found = rules(os.Args[2])
	case "metrics":
		found = metrics(os.Args[2])
	}
	for _, line := range found {
		fmt.Println(line)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

func rules(file string) (found []string) {
	_, errs := rulefmt.ParseFile(file, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.Default())
	for _, err := range errs {
		found = append(found, err.Error())
	}
	return found
}

func metrics(file string) (found []string) {
	text, err := os.Open(file)
	if err != nil {
		return []string{err.Error()}
	}
	defer text.Close()
	problems, err := promlint.New(text).Lint()
	if err != nil {
		found = append(found, err.Error())
	}
	for _, problem := range problems {
		found = append(found, problem.Metric+": "+problem.Text)
	}
	return found
}
