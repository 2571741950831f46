package main

import (
	"k8s.io/apimachinery/pkg/runtime"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	autoscaling "k8s.io/autoscaler/vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1"
)

// The types of other people's operators. Their rules are not known here: what a strict decoder finds is an unknown field or a value of
// another type.
func isOperators(object runtime.Object) bool {
	switch object.(type) {
	case *monitoring.PodMonitor, *monitoring.ServiceMonitor, *autoscaling.VerticalPodAutoscaler:
		return true
	}
	return false
}

func init() {
	for _, add := range []func() error{
		func() error { return monitoring.AddToScheme(scheme) },
		func() error { return autoscaling.AddToScheme(scheme) },
	} {
		if err := add(); err != nil {
			panic(err)
		}
	}
}
