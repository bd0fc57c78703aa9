package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type standard struct {
	Level   string                   `json:"level"`
	Version string                   `json:"version"` // "v1.37", or "latest"
	Pods    []corev1.PodTemplateSpec `json:"pods"`
}

// podSecurity gives, for each pod, what the standard forbids of it.
func podSecurity(question standard) ([][]string, error) {
	level, err := api.ParseLevel(question.Level)
	if err != nil {
		return nil, err
	}
	version, err := api.ParseVersion(question.Version)
	if err != nil {
		return nil, err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	findings := make([][]string, 0, len(question.Pods))
	for _, pod := range question.Pods {
		found := []string{}
		asked := api.LevelVersion{Level: level, Version: version}
		for _, result := range evaluator.EvaluatePod(asked, &pod.ObjectMeta, &pod.Spec) {
			if !result.Allowed {
				found = append(found, result.ForbiddenReason+": "+result.ForbiddenDetail)
			}
		}
		findings = append(findings, found)
	}
	return findings, nil
}
