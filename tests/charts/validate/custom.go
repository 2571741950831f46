package main

import (
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// customKind is one version of a CustomResourceDefinition.
type customKind struct {
	structural *schema.Structural
	validator  validation.SchemaValidator
	namespaced bool
}

// customKinds by "group/version kind".
type customKinds map[string]customKind

func readCustomKinds(files []string) (customKinds, error) {
	definitions := runtime.NewScheme()
	install.Install(definitions)
	decoder := serializer.NewCodecFactory(definitions).UniversalDecoder()
	kinds := customKinds{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		object, err := runtime.Decode(decoder, text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		var definition apiextensions.CustomResourceDefinition
		if err := definitions.Convert(object, &definition, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := kinds.add(&definition); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return kinds, nil
}

func (kinds customKinds) add(definition *apiextensions.CustomResourceDefinition) error {
	for _, version := range definition.Spec.Versions {
		root, err := apiextensions.GetSchemaForVersion(definition, version.Name)
		if err != nil {
			return err
		}
		structural, err := schema.NewStructural(root.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		validator, _, err := validation.NewSchemaValidator(root.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		kinds[definition.Spec.Group+"/"+version.Name+" "+definition.Spec.Names.Kind] =
			customKind{structural, validator, definition.Spec.Scope == apiextensions.NamespaceScoped}
	}
	return nil
}

func (kind customKind) check(document []byte) []error {
	var object map[string]interface{}
	if err := json.Unmarshal(document, &object); err != nil {
		return []error{err}
	}
	var meta metav1.PartialObjectMetadata
	if err := json.Unmarshal(document, &meta); err != nil {
		return []error{err}
	}
	found := apivalidation.ValidateObjectMeta(&meta.ObjectMeta, kind.namespaced, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	found = append(found, validation.ValidateCustomResource(nil, object, kind.validator)...)
	var problems []error
	for _, one := range found {
		problems = append(problems, one)
	}
	options := schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(object, kind.structural, true, options) {
		problems = append(problems, fmt.Errorf("unknown field %s", path))
	}
	return problems
}
