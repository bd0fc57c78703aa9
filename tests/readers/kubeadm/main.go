// Command kubeadm is Kubernetes' own kubeadm, which nobody packages for tests: `config validate`
// and `config migrate` read a configuration as a node's kubeadm does.
package main

import (
	"k8s.io/kubernetes/cmd/kubeadm/app"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/errors"
)

func main() {
	errors.HandleError(app.Run())
}
