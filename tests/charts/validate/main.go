// Validates rendered manifests as an API server would: tests/charts/validate [-crd FILE]... < manifests.
//
// Each document is decoded strictly into the type of its kind (an unknown or repeated field is an error), defaulted, and given to
// the validation functions of k8s.io/kubernetes, which are those of the API server. Kinds that come from CRDs are checked against
// the schemas of -crd files, with unknown fields as errors. Problems go to standard error, one a line, and end with exit code 1;
// the documents go to standard output as a JSON array.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	yamlreader "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type fileList []string

func (l *fileList) String() string     { return strings.Join(*l, ",") }
func (l *fileList) Set(s string) error { *l = append(*l, s); return nil }

type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

func main() {
	var crdFiles fileList
	flag.Var(&crdFiles, "crd", "file with a CustomResourceDefinition (v1 or v1beta1); repeatable")
	flag.Parse()
	count, err := run(crdFiles, os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "validate:", err)
		os.Exit(2)
	}
	if count > 0 {
		os.Exit(1)
	}
}

// run returns the number of problems it has printed.
func run(crdFiles []string, in io.Reader, out io.Writer) (int, error) {
	custom, err := readCustomKinds(crdFiles)
	if err != nil {
		return 0, err
	}
	documents := []json.RawMessage{}
	problems := 0
	reader := yamlreader.NewYAMLReader(bufio.NewReader(in))
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return problems, err
		}
		document, err := yaml.YAMLToJSONStrict(text)
		if err != nil {
			return problems, err
		}
		if string(document) == "null" {
			continue
		}
		documents = append(documents, document)
		var head header
		if err := json.Unmarshal(document, &head); err != nil {
			return problems, err
		}
		for _, problem := range check(head, document, custom) {
			problems++
			fmt.Fprintf(os.Stderr, "%s %s: %v\n", head.Kind, head.Metadata.Name, problem)
		}
	}
	return problems, json.NewEncoder(out).Encode(documents)
}

func check(head header, document []byte, custom customKinds) []error {
	if kind, ok := custom[head.APIVersion+" "+head.Kind]; ok {
		return kind.check(document)
	}
	return checkBuiltIn(document)
}
