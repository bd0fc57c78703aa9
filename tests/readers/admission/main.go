// Command admission-reader answers for the API server: it evaluates ValidatingAdmissionPolicies and
// the Pod Security Standards with Kubernetes' own code. Each command reads YAML on standard input
// and writes JSON.
//
//	review       {objects, requests}: what the admission plugin says to each request, in a cluster
//	             that has the objects (policies, bindings, their parameters, namespaces)
//	types        {objects}: what the API server would refuse of the policies and bindings, the
//	             warnings of status.typeChecking, and the kinds that were checked
//	pod-security {level, version, pods}: what a standard finds in each pod template
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	registration "k8s.io/kubernetes/pkg/apis/admissionregistration/v1"
	"sigs.k8s.io/yaml"
)

// strict refuses fields that a kind does not have.
var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// decode reads an object as the API server takes it, with the defaults of policies.
func decode(raw json.RawMessage) (runtime.Object, error) {
	object, _, err := strict.Decode(raw, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, raw)
	}
	scheme.Scheme.Default(object)
	return object, nil
}

func decodeAll(raws []json.RawMessage) ([]runtime.Object, error) {
	objects := make([]runtime.Object, 0, len(raws))
	for _, raw := range raws {
		object, err := decode(raw)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// command makes a command of what it asks and answers.
func command[Question, Answer any](answer func(Question) (Answer, error)) func([]byte) (any, error) {
	return func(text []byte) (any, error) {
		var question Question
		if err := yaml.UnmarshalStrict(text, &question); err != nil {
			return nil, err
		}
		return answer(question)
	}
}

var commands = map[string]func([]byte) (any, error){
	"review":       command(review),
	"types":        command(types),
	"pod-security": command(podSecurity),
}

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 || commands[args[0]] == nil {
		return fmt.Errorf("usage: admission-reader review|types|pod-security < QUESTION.yaml")
	}
	if err := registration.RegisterDefaults(scheme.Scheme); err != nil {
		return err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	answer, err := commands[args[0]](text)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(answer)
}

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
