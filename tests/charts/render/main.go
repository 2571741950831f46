// Renders the chart where helm cannot be had: with Go's templates, and with sprig and yaml as Debian packages them.
//
//	render [-api GROUP/VERSION[/KIND]]... [-kubernetes 1.31] [-release NAME] [-namespace NAME] CHART VALUES.json
//
// Prints what `helm template` prints for this chart: the functions, objects and order are helm's, as far as the chart uses them.
// helm itself is the judge wherever tools/chart-tools can build it; both are compared with the same golden files.
// With -documents it reads manifests and prints them as a JSON array.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type object = map[string]interface{}

// What templates see as .Capabilities.
type capabilities struct {
	APIVersions apiVersions
	KubeVersion kubeVersion
}

type apiVersions []string

func (known *apiVersions) String() string     { return strings.Join(*known, ",") }
func (known *apiVersions) Set(s string) error { *known = append(*known, s); return nil }
func (known apiVersions) Has(wanted string) bool {
	for _, one := range known {
		if one == wanted {
			return true
		}
	}
	return false
}

type kubeVersion struct{ Version, Major, Minor string }

func (v kubeVersion) String() string     { return v.Version }
func (v kubeVersion) GitVersion() string { return v.Version }

func readKubeVersion(text string) (kubeVersion, error) {
	found := regexp.MustCompile(`^v?(\d+)\.(\d+)(\.\d+)?(.*)$`).FindStringSubmatch(text)
	if found == nil {
		return kubeVersion{}, fmt.Errorf("%q is no version of Kubernetes", text)
	}
	patch := found[3]
	if patch == "" {
		patch = ".0"
	}
	return kubeVersion{"v" + found[1] + "." + found[2] + patch + found[4], found[1], found[2]}, nil
}

// What templates see as .Files.
type files string

func (root files) Get(name string) string {
	content, _ := os.ReadFile(filepath.Join(string(root), name)) // helm too gives nothing for what is not there
	return string(content)
}

type manifest struct{ path, kind, text string }

// The order in which helm installs the kinds that charts have; others come after them, by name.
var installOrder = []string{"PriorityClass", "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy",
	"PodDisruptionBudget", "ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume",
	"PersistentVolumeClaim", "CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding",
	"ClusterRoleBindingList", "Role", "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod",
	"ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass",
	"Ingress", "APIService"}

func rank(kind string) int {
	for place, one := range installOrder {
		if one == kind {
			return place
		}
	}
	return len(installOrder)
}

func toYAML(value interface{}) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

func fromYAML(text string) object {
	value := object{}
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		value["Error"] = err.Error()
	}
	return value
}

// Parses all files of the chart's templates into one set; the names of those that make manifests, sorted.
func parse(chart, name string) (*template.Template, []string, error) {
	set := template.New("chart").Option("missingkey=zero").Funcs(sprig.TxtFuncMap())
	set.Funcs(template.FuncMap{
		"toYaml":   toYAML,
		"fromYaml": fromYAML,
		"include": func(name string, data interface{}) (string, error) {
			var out strings.Builder
			err := set.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"tpl": func(text string, data interface{}) (string, error) {
			copied, err := set.Clone()
			if err != nil {
				return "", err
			}
			parsed, err := copied.New("tpl").Parse(text)
			if err != nil {
				return "", err
			}
			var out strings.Builder
			err = parsed.Execute(&out, data)
			return strings.ReplaceAll(out.String(), "<no value>", ""), err
		},
	})
	var names []string
	root := filepath.Join(chart, "templates")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		inside, _ := filepath.Rel(chart, path)
		full := name + "/" + inside
		if base := filepath.Base(path); !strings.HasPrefix(base, "_") && base != "NOTES.txt" {
			names = append(names, full)
		}
		_, err = set.New(full).Parse(string(text))
		return err
	})
	sort.Strings(names)
	return set, names, err
}

var separator = regexp.MustCompile(`(?:^|\s*\n)---\s*`)

func split(text string) []string {
	var documents []string
	for _, one := range separator.Split(strings.TrimSpace(text), -1) {
		if one = strings.TrimSpace(one); one != "" {
			documents = append(documents, one)
		}
	}
	return documents
}

func readObject(path string) (object, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	value := object{}
	return value, yaml.Unmarshal(text, &value)
}

// Lays `given` over the defaults: maps are merged, null takes a default away.
func overlay(defaults, given object) object {
	for key, value := range given {
		below, isMap := defaults[key].(object)
		above, aboveIsMap := value.(object)
		switch {
		case value == nil:
			delete(defaults, key)
		case isMap && aboveIsMap:
			defaults[key] = overlay(below, above)
		default:
			defaults[key] = value
		}
	}
	return defaults
}

func render(chart string, values object, release, namespace string, can capabilities, out io.Writer) error {
	about, err := readObject(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return err
	}
	if wanted, _ := about["kubeVersion"].(string); wanted != "" {
		compare := sprig.TxtFuncMap()["semverCompare"].(func(string, string) (bool, error))
		if fits, err := compare(wanted, can.KubeVersion.Version); err != nil || !fits {
			return fmt.Errorf("chart requires kubeVersion: %s which is incompatible with Kubernetes %s", wanted, can.KubeVersion)
		}
	}
	described := object{}
	for key, value := range about {
		described[strings.ToUpper(key[:1])+key[1:]] = value
	}
	defaults, err := readObject(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return err
	}
	name := about["name"].(string)
	set, names, err := parse(chart, name)
	if err != nil {
		return err
	}
	values = overlay(defaults, values)
	var manifests, hooks []manifest
	for _, one := range names {
		data := object{
			"Values": values, "Chart": described, "Capabilities": can, "Files": files(chart),
			"Template": object{"Name": one, "BasePath": name + "/templates"},
			"Release": object{"Name": release, "Namespace": namespace, "Service": "Helm", "IsInstall": true, "IsUpgrade": false, "Revision": 1},
		}
		var text strings.Builder
		if err := set.ExecuteTemplate(&text, one, data); err != nil {
			return err
		}
		for _, document := range split(strings.ReplaceAll(text.String(), "<no value>", "")) {
			read := struct {
				Kind     string
				Metadata struct{ Annotations map[string]string }
			}{}
			if err := yaml.Unmarshal([]byte(document), &read); err != nil {
				return fmt.Errorf("%s: %w", one, err)
			}
			if read.Kind == "" {
				continue // comments alone
			}
			made := manifest{one, read.Kind, document}
			if _, isHook := read.Metadata.Annotations["helm.sh/hook"]; isHook {
				hooks = append(hooks, made)
			} else {
				manifests = append(manifests, made)
			}
		}
	}
	for _, all := range [][]manifest{manifests, hooks} {
		sort.SliceStable(all, func(i, j int) bool {
			first, second := rank(all[i].kind), rank(all[j].kind)
			if first == second && first == len(installOrder) {
				return all[i].kind < all[j].kind
			}
			return first < second
		})
	}
	for _, one := range append(manifests, hooks...) {
		fmt.Fprintf(out, "---\n# Source: %s\n%s\n", one.path, one.text)
	}
	return nil
}

// Prints manifests as a JSON array. What occurs twice in a map is an error, as it is to an API server.
func documents(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	found := []json.RawMessage{}
	for _, one := range split(string(text)) {
		document, err := yaml.YAMLToJSONStrict([]byte(one))
		if err != nil {
			return err
		}
		if !bytes.Equal(document, []byte("null")) {
			found = append(found, document)
		}
	}
	return json.NewEncoder(out).Encode(found)
}

func run() error {
	var can capabilities
	flag.Var(&can.APIVersions, "api", "an API that the cluster has; repeatable")
	kubernetes := flag.String("kubernetes", "1.31", "the cluster's version")
	release := flag.String("release", "nodescope", "the release's name")
	namespace := flag.String("namespace", "default", "the release's namespace")
	asDocuments := flag.Bool("documents", false, "read manifests, print them as JSON")
	flag.Parse()
	if *asDocuments {
		return documents(os.Stdin, os.Stdout)
	}
	if flag.NArg() != 2 {
		return errors.New("a chart and a file of values are needed")
	}
	var err error
	if can.KubeVersion, err = readKubeVersion(*kubernetes); err != nil {
		return err
	}
	values, err := readObject(flag.Arg(1))
	if err != nil {
		return err
	}
	return render(flag.Arg(0), values, *release, *namespace, can, os.Stdout)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}
