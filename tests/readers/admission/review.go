package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/util/compatibility"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/apiserver/pkg/warning"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
)

type cluster struct {
	Objects  []json.RawMessage `json:"objects"`
	Requests []request         `json:"requests"`
}

// request is what an API server is asked to store: Old is there on an update.
type request struct {
	Resource    string          `json:"resource"` // plural, as in a URL
	Subresource string          `json:"subresource,omitempty"`
	Object      json.RawMessage `json:"object"`
	Old         json.RawMessage `json:"old,omitempty"`
}

type verdict struct {
	Allowed  bool              `json:"allowed"`
	Code     int32             `json:"code"`
	Message  string            `json:"message"`
	Warnings []string          `json:"warnings"`
	Audit    map[string]string `json:"audit"`
}

// warnings keeps what a client would be warned of.
type warnings struct {
	mutex sync.Mutex
	texts []string
}

func (w *warnings) AddWarning(_, text string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.texts = append(w.texts, text)
}

// audited keeps what the audit log would be told.
type audited struct {
	admission.Attributes
	annotations map[string]string
}

func (a audited) AddAnnotation(key, value string) error {
	a.annotations[key] = value
	return nil
}

// serve starts the plugin of policies as an API server does, over a store that holds the objects.
func serve(ctx context.Context, objects []runtime.Object) (*validating.Plugin, error) {
	plugin, err := validating.NewPlugin(nil)
	if err != nil {
		return nil, err
	}
	client := fake.NewClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	initializer.New(
		client,
		dynamicfake.NewSimpleDynamicClient(scheme.Scheme, parameters(objects)...),
		factory,
		authorizerfactory.NewAlwaysDenyAuthorizer(), // no expression asks for permissions
		utilfeature.DefaultFeatureGate,
		compatibility.DefaultBuildEffectiveVersion(),
		ctx.Done(),
		testrestmapper.TestOnlyStaticRESTMapper(scheme.Scheme),
	).Initialize(plugin)
	if err := plugin.ValidateInitialization(); err != nil {
		return nil, err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	if !plugin.WaitForReady() {
		return nil, errors.New("the plugin is not ready")
	}
	return plugin, nil
}

func parameters(objects []runtime.Object) []runtime.Object {
	var found []runtime.Object
	for _, object := range objects {
		if _, is := object.(*corev1.ConfigMap); is {
			found = append(found, object)
		}
	}
	return found
}

func review(question cluster) ([]verdict, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	objects, err := decodeAll(question.Objects)
	if err != nil {
		return nil, err
	}
	plugin, err := serve(ctx, objects)
	if err != nil {
		return nil, err
	}
	verdicts := make([]verdict, 0, len(question.Requests))
	for _, one := range question.Requests {
		said, err := ask(ctx, plugin, one)
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, said)
	}
	return verdicts, nil
}

func ask(ctx context.Context, plugin *validating.Plugin, asked request) (verdict, error) {
	attributes, err := asked.attributes()
	if err != nil {
		return verdict{}, err
	}
	recorded := &warnings{texts: []string{}}
	ctx = warning.WithWarningRecorder(ctx, recorded)
	said := verdict{Allowed: true, Code: 200, Audit: attributes.annotations}
	err = plugin.Validate(ctx, attributes, admission.NewObjectInterfacesFromScheme(scheme.Scheme))
	said.Warnings = recorded.texts
	if err != nil {
		var status apierrors.APIStatus
		if !errors.As(err, &status) {
			return verdict{}, fmt.Errorf("the plugin broke: %w", err)
		}
		said.Allowed, said.Code, said.Message = false, status.Status().Code, status.Status().Message
	}
	return said, nil
}

func (r request) attributes() (audited, error) {
	object, err := decode(r.Object)
	if err != nil {
		return audited{}, err
	}
	var old runtime.Object
	operation, options := admission.Create, runtime.Object(&metav1.CreateOptions{})
	if r.Old != nil {
		operation, options = admission.Update, &metav1.UpdateOptions{}
		if old, err = decode(r.Old); err != nil {
			return audited{}, err
		}
	}
	named, err := meta.Accessor(object)
	if err != nil {
		return audited{}, err
	}
	kind := object.GetObjectKind().GroupVersionKind()
	resource := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: r.Resource}
	return audited{
		admission.NewAttributesRecord(object, old, kind, named.GetNamespace(), named.GetName(),
			resource, r.Subresource, operation, options, false, &user.DefaultInfo{Name: "test"}),
		map[string]string{},
	}, nil
}
