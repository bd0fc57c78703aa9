// Command bake-reader reads a bake file in JSON on standard input with buildx's own parser and
// writes what it came to as JSON: groups and targets, every expression evaluated. Arguments
// NAME=value stand for the environment. Targets are as the file has them, not yet inherited.
//
// A file that bake refuses ends with status 1 and the reason on standard error. Bake passes over keys
// that it does not know.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/docker/buildx/bake/hclparser"
	"github.com/hashicorp/hcl/v2/hclparse"
)

// The keys of docs/bake-reference.md that take text, as far as a plain target has them.
type file struct {
	Groups  []*group  `hcl:"group,block" cty:"group" json:"group"`
	Targets []*target `hcl:"target,block" cty:"target" json:"target"`
}

type group struct {
	Name        string   `hcl:"name,label" cty:"name" json:"name"`
	Description string   `hcl:"description,optional" cty:"description" json:"description,omitempty"`
	Targets     []string `hcl:"targets" cty:"targets" json:"targets"`
}

type target struct {
	Name        string             `hcl:"name,label" cty:"name" json:"name"`
	Description string             `hcl:"description,optional" cty:"description" json:"description,omitempty"`
	Inherits    []string           `hcl:"inherits,optional" cty:"inherits" json:"inherits,omitempty"`
	Annotations []string           `hcl:"annotations,optional" cty:"annotations" json:"annotations,omitempty"`
	Args        map[string]*string `hcl:"args,optional" cty:"args" json:"args,omitempty"`
	Attest      []string           `hcl:"attest,optional" cty:"attest" json:"attest,omitempty"`
	CacheFrom   []string           `hcl:"cache-from,optional" cty:"cache-from" json:"cache-from,omitempty"`
	CacheTo     []string           `hcl:"cache-to,optional" cty:"cache-to" json:"cache-to,omitempty"`
	Context     *string            `hcl:"context,optional" cty:"context" json:"context,omitempty"`
	Contexts    map[string]string  `hcl:"contexts,optional" cty:"contexts" json:"contexts,omitempty"`
	Dockerfile  *string            `hcl:"dockerfile,optional" cty:"dockerfile" json:"dockerfile,omitempty"`
	Labels      map[string]*string `hcl:"labels,optional" cty:"labels" json:"labels,omitempty"`
	Output      []string           `hcl:"output,optional" cty:"output" json:"output,omitempty"`
	Platforms   []string           `hcl:"platforms,optional" cty:"platforms" json:"platforms,omitempty"`
	Secrets     []string           `hcl:"secret,optional" cty:"secret" json:"secret,omitempty"`
	Tags        []string           `hcl:"tags,optional" cty:"tags" json:"tags,omitempty"`
	Target      *string            `hcl:"target,optional" cty:"target" json:"target,omitempty"`
}

var name = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

func validName(text string) error {
	if !name.MatchString(text) {
		return fmt.Errorf("only letters, digits, - and _ in a name, not %q", text)
	}
	return nil
}

func read(text []byte, environment map[string]string) (*file, error) {
	parsed, found := hclparse.NewParser().ParseJSON(text, "docker-bake.json")
	if found.HasErrors() {
		return nil, found
	}
	var came file
	_, found = hclparser.Parse(parsed.Body, hclparser.Opt{
		LookupVar: func(name string) (string, bool) {
			value, known := environment[name]
			return value, known
		},
		ValidateLabel: validName,
	}, &came)
	if found.HasErrors() {
		return nil, found
	}
	return &came, nil
}

func run(in io.Reader, out io.Writer, pairs []string) error {
	environment := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		environment[name] = value
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	came, err := read(text, environment)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(came)
}

func main() {
	if err := run(os.Stdin, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
