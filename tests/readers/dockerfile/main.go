// Command dockerfile-reader reads a Dockerfile on standard input with BuildKit's own parser and
// writes what BuildKit understood as JSON: stages, commands with variables expanded as a build
// would, and every warning of `docker build --check` that can be told without a build.
//
// A file that BuildKit refuses ends with status 1 and the reason on standard error.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

type file struct {
	Syntax   string            `json:"syntax"`
	Escape   string            `json:"escape"`
	Args     map[string]string `json:"args"`
	Stages   []stage           `json:"stages"`
	Warnings []warning         `json:"warnings"`
}

type stage struct {
	Name     string            `json:"name"`
	Base     string            `json:"base"`
	Platform string            `json:"platform"`
	Line     int               `json:"line"`
	Env      map[string]string `json:"env"` // as RUN sees it at the end of the stage, ARG included
	Commands []command         `json:"commands"`
}

type command struct {
	Name   string `json:"name"`
	Line   int    `json:"line"`
	Fields any    `json:"fields"`
	Mounts any    `json:"mounts,omitempty"`
}

type warning struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Line    int    `json:"line"`
}

func line(location []parser.Range) int {
	if len(location) == 0 {
		return 0
	}
	return location[0].Start.Line
}

// scope is the environment that words are expanded in; later names win.
type scope struct {
	lex    *shell.Lex
	values map[string]string
}

func (s scope) environment() shell.EnvGetter {
	pairs := make([]string, 0, len(s.values))
	for name, value := range s.values {
		pairs = append(pairs, name+"="+value)
	}
	return shell.EnvsFromSlice(pairs)
}

func (s scope) expand(word string) (string, error) {
	result, _, err := s.lex.ProcessWord(word, s.environment())
	return result, err
}

// expandRaw expands the body of a COPY or ADD heredoc, where quotes stand for themselves.
func (s scope) expandRaw(word string) (string, error) {
	lex := shell.NewLex('\\')
	lex.SkipProcessQuotes = true
	result, _, err := lex.ProcessWord(word, s.environment())
	return result, err
}

func (s scope) declare(args []instructions.KeyValuePairOptional, outer map[string]string) {
	for _, arg := range args {
		if arg.Value != nil {
			s.values[arg.Key] = *arg.Value
		} else if value, known := outer[arg.Key]; known {
			s.values[arg.Key] = value
		}
	}
}

func (s scope) read(cmd instructions.Command, outer map[string]string) (command, error) {
	if expandable, ok := cmd.(instructions.SupportsSingleWordExpansion); ok {
		if err := expandable.Expand(s.expand); err != nil {
			return command{}, fmt.Errorf("line %d: %w", line(cmd.Location()), err)
		}
	}
	if expandable, ok := cmd.(instructions.SupportsSingleWordExpansionRaw); ok {
		if err := expandable.ExpandRaw(s.expandRaw); err != nil {
			return command{}, fmt.Errorf("line %d: %w", line(cmd.Location()), err)
		}
	}
	read := command{Name: cmd.Name(), Line: line(cmd.Location()), Fields: cmd}
	switch c := cmd.(type) {
	case *instructions.EnvCommand:
		for _, pair := range c.Env {
			s.values[pair.Key] = pair.Value
		}
	case *instructions.ArgCommand:
		s.declare(c.Args, outer)
	case *instructions.RunCommand:
		read.Mounts = instructions.GetMounts(c)
	}
	return read, nil
}

func readStage(source instructions.Stage, lex *shell.Lex, global scope) (stage, error) {
	base, errBase := global.expand(source.BaseName)
	platform, errPlatform := global.expand(source.Platform)
	read := stage{Name: source.Name, Base: base, Platform: platform, Line: line(source.Location)}
	inner := scope{lex, map[string]string{}}
	for _, cmd := range source.Commands {
		one, err := inner.read(cmd, global.values)
		if err != nil {
			return read, err
		}
		read.Commands = append(read.Commands, one)
	}
	read.Env = inner.values
	return read, errors.Join(errBase, errPlatform)
}

func readFile(text []byte) (file, error) {
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return file{}, err
	}
	read := file{Escape: string(parsed.EscapeToken), Warnings: []warning{}}
	read.Syntax, _, _, _ = parser.DetectSyntax(text)
	for _, w := range parsed.Warnings {
		read.Warnings = append(read.Warnings, warning{"Parser", w.Short, w.Location.Start.Line})
	}
	lint := linter.New(&linter.Config{
		Warn: func(rule, _, _, message string, location []parser.Range) {
			read.Warnings = append(read.Warnings, warning{rule, message, line(location)})
		},
	})
	stages, args, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		return file{}, err
	}
	lex := shell.NewLex(parsed.EscapeToken)
	global := scope{lex, map[string]string{}}
	for i := range args {
		if _, err := global.read(&args[i], nil); err != nil {
			return file{}, err
		}
	}
	read.Args = global.values
	for _, source := range stages {
		one, err := readStage(source, lex, global)
		if err != nil {
			return file{}, err
		}
		read.Stages = append(read.Stages, one)
	}
	return read, nil
}

func run(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	read, err := readFile(text)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(read)
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
