package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/rbac"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	rbacvalidation "k8s.io/kubernetes/pkg/apis/rbac/validation"
	"k8s.io/kubernetes/pkg/capabilities"
)

func init() {
	// Whether privileged pods are allowed is a flag of the API server; a namespace's Pod Security decides in a cluster of today.
	capabilities.Initialize(capabilities.Capabilities{AllowPrivileged: true})
}

var scheme = legacyscheme.Scheme

func checkBuiltIn(document []byte) []error {
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Strict: true})
	versioned, _, err := strict.Decode(document, nil, nil)
	if err != nil {
		return []error{err}
	}
	scheme.Default(versioned)
	if isOperators(versioned) {
		return nil
	}
	internal, err := scheme.ConvertToVersion(versioned, runtime.InternalGroupVersioner)
	if err != nil {
		return []error{err}
	}
	var problems []error
	for _, one := range validate(internal) {
		problems = append(problems, one)
	}
	return problems
}

func validate(object runtime.Object) field.ErrorList {
	switch object := object.(type) {
	case *apps.DaemonSet:
		return appsvalidation.ValidateDaemonSet(object, corevalidation.PodValidationOptions{})
	case *core.Pod:
		return corevalidation.ValidatePodCreate(object, corevalidation.PodValidationOptions{})
	case *core.Service:
		// The API server gives it an address of the cluster before it looks at it.
		object.Spec.ClusterIP, object.Spec.ClusterIPs = "10.0.0.1", []string{"10.0.0.1"}
		single := core.IPFamilyPolicySingleStack
		object.Spec.IPFamilyPolicy, object.Spec.IPFamilies = &single, []core.IPFamily{core.IPv4Protocol}
		return corevalidation.ValidateServiceCreate(object)
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(object)
	case *core.Secret:
		return corevalidation.ValidateSecret(object)
	case *core.ServiceAccount:
		return corevalidation.ValidateServiceAccount(object)
	case *rbac.ClusterRole:
		return rbacvalidation.ValidateClusterRole(object, rbacvalidation.ClusterRoleValidationOptions{})
	case *rbac.ClusterRoleBinding:
		return rbacvalidation.ValidateClusterRoleBinding(object)
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(object, networkingvalidation.NetworkPolicyValidationOptions{})
	}
	return field.ErrorList{field.InternalError(nil, fmt.Errorf("no validation for a %T is known to this program", object))}
}
