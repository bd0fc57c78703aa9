// Command dockerfile-llb turns a Dockerfile on standard input into a build with BuildKit's own
// frontend, for one platform (linux/arm64) and one stage, and writes what that build consists of as
// JSON: what it fetches, what it runs, the image that comes of it, and every warning of
// `docker build --check`. Only what the stage needs is there, as in a build.
//
// Nothing is fetched: an image's own configuration is taken to hold its platform and a PATH. A file
// that BuildKit refuses ends with status 1 and the reason on standard error.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/containerd/platforms"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

type build struct {
	Sources  []source             `json:"sources"`
	Runs     []execution          `json:"runs"`
	Files    []string             `json:"files"`
	Image    ocispecs.ImageConfig `json:"image"`
	Platform string               `json:"platform"`
	Warnings []warning            `json:"warnings"`
}

type source struct {
	Identifier string            `json:"identifier"`
	Attributes map[string]string `json:"attributes"`
	Platform   string            `json:"platform"`
}

type execution struct {
	Args     []string `json:"args"`
	Env      []string `json:"env"`
	User     string   `json:"user"`
	Folder   string   `json:"folder"`
	Platform string   `json:"platform"`
	Mounts   []mount  `json:"mounts"`
}

type mount struct {
	Kind     string `json:"kind"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"readOnly"`
	Secret   string `json:"secret,omitempty"`
	Mode     uint32 `json:"mode,omitempty"`
	Optional bool   `json:"optional,omitempty"`
}

type warning struct {
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Line    int    `json:"line"`
}

// stand says of every image what a build must know of it before it fetches anything.
type stand struct{}

func (stand) ResolveImageConfig(
	_ context.Context, ref string, opt sourceresolver.Opt,
) (string, digest.Digest, []byte, error) {
	platform := platforms.DefaultSpec()
	if opt.ImageOpt != nil && opt.ImageOpt.Platform != nil {
		platform = *opt.ImageOpt.Platform
	}
	config, err := json.Marshal(ocispecs.Image{
		Platform: platform,
		Config:   ocispecs.ImageConfig{Env: []string{"PATH=/image/bin"}},
		// An image without layers would be taken for scratch.
		RootFS: ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString(ref)}},
	})
	return ref, "", config, err
}

func convert(ctx context.Context, text []byte, platform ocispecs.Platform, stage string) (*build, error) {
	made := build{Warnings: []warning{}}
	host := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	result, err := dockerfile2llb.Dockerfile2LLB(ctx, text, dockerfile2llb.ConvertOpt{
		Config: dockerui.Config{
			Target:         stage,
			BuildPlatforms: []ocispecs.Platform{host},
		},
		TargetPlatform: &platform,
		MetaResolver:   stand{},
		Warn: func(rule, _, _, message string, location []parser.Range) {
			line := 0
			if len(location) > 0 {
				line = location[0].Start.Line
			}
			made.Warnings = append(made.Warnings, warning{rule, message, line})
		},
	})
	if err != nil {
		return nil, err
	}
	made.Image = result.Image.Config.ImageConfig
	made.Platform = platforms.Format(result.Image.Platform)
	definition, err := result.State.Marshal(ctx, llb.Platform(platform))
	if err != nil {
		return nil, err
	}
	for _, bytes := range definition.Def {
		var op pb.Op
		if err := op.Unmarshal(bytes); err != nil {
			return nil, err
		}
		made.add(&op)
	}
	return &made, nil
}

func (b *build) add(op *pb.Op) {
	platform := ""
	if op.Platform != nil {
		platform = platforms.Format(op.Platform.Spec())
	}
	switch one := op.Op.(type) {
	case *pb.Op_Source:
		b.Sources = append(b.Sources, source{one.Source.Identifier, one.Source.Attrs, platform})
	case *pb.Op_Exec:
		meta := one.Exec.Meta
		run := execution{meta.Args, meta.Env, meta.User, meta.Cwd, platform, nil}
		for _, m := range one.Exec.Mounts {
			run.Mounts = append(run.Mounts, mounted(m))
		}
		b.Runs = append(b.Runs, run)
	case *pb.Op_File:
		for _, action := range one.File.Actions {
			if copied := action.GetCopy(); copied != nil {
				b.Files = append(b.Files, "copy "+copied.Src+" "+copied.Dest)
			}
			if made := action.GetMkdir(); made != nil {
				b.Files = append(b.Files, fmt.Sprintf("mkdir %s %o %d:%d", made.Path, made.Mode,
					made.Owner.GetUser().GetByID(), made.Owner.GetGroup().GetByID()))
			}
		}
	}
}

func mounted(m *pb.Mount) mount {
	one := mount{Kind: m.MountType.String(), Target: m.Dest, ReadOnly: m.Readonly}
	if secret := m.SecretOpt; secret != nil {
		one.Secret, one.Mode, one.Optional = secret.ID, secret.Mode, secret.Optional
	}
	return one
}

func run(in io.Reader, out io.Writer, words []string) error {
	if len(words) != 2 {
		return errors.New("usage: dockerfile-llb PLATFORM STAGE <Dockerfile")
	}
	platform, err := platforms.Parse(words[0])
	if err != nil {
		return err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	made, err := convert(context.Background(), text, platform, words[1])
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(made)
}

func main() {
	if err := run(os.Stdin, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
