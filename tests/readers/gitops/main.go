// Command gitops-reader reads Flux's objects as its controllers do: standard input is one YAML
// document, decoded into the type its kind names. A key the type does not have, a duration that is
// none or another API is an error.
package main

import (
	"fmt"
	"io"
	"os"

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

func main() {
	if err := read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
