package main

import (
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/kubernetes/scheme"
	internal "k8s.io/kubernetes/pkg/apis/admissionregistration"
	registration "k8s.io/kubernetes/pkg/apis/admissionregistration/v1"
	"k8s.io/kubernetes/pkg/apis/admissionregistration/validation"
	"k8s.io/kubernetes/pkg/generated/openapi"
)

type policies struct {
	Objects []json.RawMessage `json:"objects"`
}

type checked struct {
	Errors   []string `json:"errors"`
	Warnings []string `json:"warnings"`
	Names    []string `json:"names"` // of policies and bindings that were looked at
}

func types(question policies) (checked, error) {
	said := checked{Errors: []string{}, Warnings: []string{}, Names: []string{}}
	objects, err := decodeAll(question.Objects)
	if err != nil {
		return said, err
	}
	checker := validating.TypeChecker{
		SchemaResolver: resolver.NewDefinitionsSchemaResolver(openapi.GetOpenAPIDefinitions, scheme.Scheme),
		RestMapper:     testrestmapper.TestOnlyStaticRESTMapper(scheme.Scheme),
	}
	for _, object := range objects {
		var refused field.ErrorList
		var name string
		switch one := object.(type) {
		case *admissionv1.ValidatingAdmissionPolicy:
			name = one.Name
			if refused, err = refusedPolicy(one); err != nil {
				return said, err
			}
			for _, w := range checker.Check(one) {
				said.Warnings = append(said.Warnings, fmt.Sprintf("%s %s: %s", name, w.FieldRef, w.Warning))
			}
		case *admissionv1.ValidatingAdmissionPolicyBinding:
			name = one.Name
			if refused, err = refusedBinding(one); err != nil {
				return said, err
			}
		default:
			continue
		}
		said.Names = append(said.Names, name)
		for _, problem := range refused {
			said.Errors = append(said.Errors, name+" "+problem.Error())
		}
	}
	return said, nil
}

func refusedPolicy(policy *admissionv1.ValidatingAdmissionPolicy) (field.ErrorList, error) {
	var inner internal.ValidatingAdmissionPolicy
	err := registration.Convert_v1_ValidatingAdmissionPolicy_To_admissionregistration_ValidatingAdmissionPolicy(
		policy, &inner, nil)
	return validation.ValidateValidatingAdmissionPolicy(&inner), err
}

func refusedBinding(binding *admissionv1.ValidatingAdmissionPolicyBinding) (field.ErrorList, error) {
	var inner internal.ValidatingAdmissionPolicyBinding
	err := registration.Convert_v1_ValidatingAdmissionPolicyBinding_To_admissionregistration_ValidatingAdmissionPolicyBinding(
		binding, &inner, nil)
	return validation.ValidateValidatingAdmissionPolicyBinding(&inner), err
}
