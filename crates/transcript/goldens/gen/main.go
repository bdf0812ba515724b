// Prints the objects of objects.json as `kubectl describe` of one version does: kubectl's own printers, asking a server that
// knows nothing but those objects. See ../README.md.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/kubectl/pkg/describe"
)

type object = map[string]interface{}

var (
	takenAt, _ = time.Parse(time.RFC3339, "2026-11-22T17:50:00Z")
	iso        = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	rfc1123    = regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}`)
	goTime     = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} [A-Z]+`)
)

// The printers count ages from the clock of this machine: the objects are moved to its present, the printed times back.
func delta() time.Duration { return time.Now().Truncate(time.Second).Sub(takenAt) }

func moved(text string, by time.Duration) string {
	return iso.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return s
		}
		if strings.Contains(s, ".") {
			return t.Add(by).UTC().Format("2006-01-02T15:04:05.000000Z")
		}
		return t.Add(by).UTC().Format(time.RFC3339)
	})
}

func back(text string, by time.Duration) string {
	zero := "Mon, 01 Jan 0001 00:00:00 +0000"
	text = rfc1123.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse(time.RFC1123Z, s)
		if err != nil || s == zero {
			return s
		}
		return t.Add(-by).UTC().Format(time.RFC1123Z)
	})
	text = goTime.ReplaceAllStringFunc(text, func(s string) string {
		t, err := time.Parse("2006-01-02 15:04:05 -0700 MST", s)
		if err != nil {
			return s
		}
		return t.Add(-by).UTC().Format("2006-01-02 15:04:05 -0700 MST")
	})
	return moved(text, -by)
}

func str(o object, path ...string) string {
	var at interface{} = o
	for _, p := range path {
		m, ok := at.(object)
		if !ok {
			return ""
		}
		at = m[p]
	}
	s, _ := at.(string)
	return s
}

func plural(kind string) string {
	lower := strings.ToLower(kind)
	switch {
	case lower == "endpoints":
		return lower
	case strings.HasSuffix(lower, "s"):
		return lower + "es"
	case strings.HasSuffix(lower, "y"):
		return strings.TrimSuffix(lower, "y") + "ies"
	}
	return lower + "s"
}

// An ingress as its API was before v1.
func olderIngress(o object) {
	backend := func(b object) object {
		s, ok := b["service"].(object)
		if !ok {
			return b
		}
		port := s["port"].(object)
		if n, ok := port["number"]; ok {
			return object{"serviceName": s["name"], "servicePort": n}
		}
		return object{"serviceName": s["name"], "servicePort": port["name"]}
	}
	spec := o["spec"].(object)
	if d, ok := spec["defaultBackend"].(object); ok {
		spec["backend"] = backend(d)
	}
	rules, _ := spec["rules"].([]interface{})
	for _, r := range rules {
		if h, ok := r.(object)["http"].(object); ok {
			for _, p := range h["paths"].([]interface{}) {
				p.(object)["backend"] = backend(p.(object)["backend"].(object))
			}
		}
	}
}

type server struct{ raw []byte }

func (s *server) objects(by time.Duration) []object {
	var list struct{ Items []object }
	if err := json.Unmarshal([]byte(moved(string(s.raw), by)), &list); err != nil {
		panic(err)
	}
	return list.Items
}

func selects(o object, query map[string][]string) bool {
	if q := query["labelSelector"]; len(q) > 0 {
		selector, err := labels.Parse(q[0])
		if err != nil {
			return false
		}
		set := labels.Set{}
		l, _ := o["metadata"].(object)["labels"].(object)
		for k, v := range l {
			set[k] = v.(string)
		}
		if !selector.Matches(set) {
			return false
		}
	}
	q := query["fieldSelector"]
	if len(q) == 0 {
		return true
	}
	for _, term := range strings.Split(q[0], ",") {
		parts := strings.SplitN(term, "=", 2)
		if len(parts) != 2 || strings.HasSuffix(parts[0], "!") {
			continue
		}
		if got := str(o, strings.Split(parts[0], ".")...); got != parts[1] && !(parts[0] == "involvedObject.uid" && got == "") {
			return false
		}
	}
	return true
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	version := ""
	if parts[0] == "api" {
		version, parts = parts[1], parts[2:]
	} else {
		version, parts = parts[1]+"/"+parts[2], parts[3:]
	}
	namespace := ""
	if parts[0] == "namespaces" && len(parts) > 2 {
		namespace, parts = parts[1], parts[2:]
	}
	kind, found := "", []object{}
	for _, o := range s.objects(delta()) {
		if plural(str(o, "kind")) != parts[0] || (namespace != "" && str(o, "metadata", "namespace") != namespace) {
			continue
		}
		if len(parts) > 1 && str(o, "metadata", "name") != parts[1] {
			continue
		}
		kind = str(o, "kind")
		if kind == "Ingress" && version != "networking.k8s.io/v1" {
			olderIngress(o)
		}
		o["apiVersion"] = version
		if len(parts) > 1 || selects(o, r.URL.Query()) {
			found = append(found, o)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case len(parts) == 1:
		_ = json.NewEncoder(w).Encode(object{"kind": listKind(parts[0], kind), "apiVersion": version, "items": found, "metadata": object{}})
	case len(found) == 0:
		w.WriteHeader(404)
		_ = json.NewEncoder(w).Encode(object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404,
			"message": fmt.Sprintf("%s %q not found", parts[0], parts[1])})
	default:
		_ = json.NewEncoder(w).Encode(found[0])
	}
}

func listKind(plural, kind string) string {
	if kind == "" {
		kind = map[string]string{"pods": "Pod", "events": "Event", "endpointslices": "EndpointSlice", "resourcequotas": "ResourceQuota",
			"limitranges": "LimitRange", "replicasets": "ReplicaSet", "secrets": "Secret", "resourceslices": "ResourceSlice"}[plural]
	}
	return kind + "List"
}

func main() {
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	s := &server{raw: raw}
	http := httptest.NewServer(s)
	defer http.Close()
	config := &rest.Config{Host: http.URL, QPS: 1000, Burst: 1000}
	settings := describe.DescriberSettings{ShowEvents: true}
	for _, o := range s.objects(0) {
		if str(o, "kind") == "Event" || str(o, "kind") == "Lease" {
			continue
		}
		gv, _ := schema.ParseGroupVersion(str(o, "apiVersion"))
		gvk := gv.WithKind(str(o, "kind"))
		describer, ok := describe.DescriberFor(gvk.GroupKind(), config)
		if !ok {
			scope := meta.RESTScopeRoot
			if str(o, "metadata", "namespace") != "" {
				scope = meta.RESTScopeNamespace
			}
			describer, ok = describe.GenericDescriberFor(&meta.RESTMapping{Resource: gv.WithResource(plural(gvk.Kind)), GroupVersionKind: gvk, Scope: scope}, config)
			if !ok {
				panic(gvk)
			}
		}
		// Ages are cut to whole seconds: stay away from their ends.
		for time.Now().Nanosecond() > 400_000_000 {
			time.Sleep(20 * time.Millisecond)
		}
		by := delta()
		text, err := describer.Describe(str(o, "metadata", "namespace"), str(o, "metadata", "name"), settings)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s %s: %v\n", gvk.Kind, str(o, "metadata", "name"), err)
			continue
		}
		fmt.Printf("%s\n\n", back(text, by))
	}
}
