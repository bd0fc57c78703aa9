// Command gitops-reader reads Flux's objects as its controllers do: standard input is one YAML
// document, decoded into the type its kind names. A key the type does not have, a duration that is
// none or another API is an error. With the argument fields it prints every field that the specs of
// these types have, a line each: the kind, and the keys on the way, parted by dots.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	_ "github.com/argoproj/argo-cd/v3/pkg/apis/application" // its module has the CRDs that tests read
	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	"sigs.k8s.io/yaml"
)

// What is read, by apiVersion and kind.
var kinds = map[string]func() any{
	helm.GroupVersion.String() + " " + helm.HelmReleaseKind:             func() any { return &helm.HelmRelease{} },
	kustomize.GroupVersion.String() + " " + kustomize.KustomizationKind: func() any { return &kustomize.Kustomization{} },
	source.GroupVersion.String() + " " + source.GitRepositoryKind:       func() any { return &source.GitRepository{} },
}

func read(in io.Reader) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var meta struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(text, &meta); err != nil {
		return err
	}
	object, known := kinds[meta.APIVersion+" "+meta.Kind]
	if !known {
		return fmt.Errorf("no kind of Flux: %s %s", meta.APIVersion, meta.Kind)
	}
	return yaml.UnmarshalStrict(text, object())
}

// fields prints the keys of a type's JSON form that lie at or below a path.
func fields(out io.Writer, path string, of reflect.Type) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of.Implements(marshaler) || reflect.PointerTo(of).Implements(marshaler) {
		return
	}
	for i := range of.NumField() {
		field := of.Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && key == "":
			fields(out, path, field.Type)
		case field.IsExported() && key != "-":
			fmt.Fprintln(out, path+"."+key)
			fields(out, path+"."+key, field.Type)
		}
	}
}

var marshaler = reflect.TypeFor[json.Marshaler]()

func main() {
	if len(os.Args) == 2 && os.Args[1] == "fields" {
		for kind, object := range kinds {
			spec, _ := reflect.TypeOf(object()).Elem().FieldByName("Spec")
			fields(os.Stdout, kind[strings.Index(kind, " ")+1:], spec.Type)
		}
		return
	}
	if err := read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
